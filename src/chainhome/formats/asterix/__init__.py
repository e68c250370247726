"""ASTERIX recordings ↔ columns ↔ tables: CAT048, 034, 062 and 021 read and written, CAT001 and 002 read.

The layouts are declared item by item in `cat048.py` and its kin; `docs/asterix.md` is made from them.
"""

from chainhome.formats.asterix.decode import decode, iter_asterix, read_asterix
from chainhome.formats.asterix.encode import (
    encode_cat021,
    encode_cat034,
    encode_cat048,
    encode_cat062,
    encode_records,
)
from chainhome.formats.asterix.from_tables import cat048_of
from chainhome.formats.asterix.recording import Recording, Records, Report, merge_reports
from chainhome.formats.asterix.sensors import Period, periods_of, sensors_of
from chainhome.formats.asterix.texts import callsign_codes, callsigns
from chainhome.formats.asterix.to_tables import detections_of, iter_detections
from chainhome.formats.asterix.tracks import SystemTracks, iter_tracks, tracks_of

__all__ = [
    "Period",
    "Recording",
    "Records",
    "Report",
    "SystemTracks",
    "callsign_codes",
    "callsigns",
    "cat048_of",
    "decode",
    "detections_of",
    "encode_cat021",
    "encode_cat034",
    "encode_cat048",
    "encode_cat062",
    "encode_records",
    "iter_asterix",
    "iter_detections",
    "iter_tracks",
    "merge_reports",
    "periods_of",
    "read_asterix",
    "sensors_of",
    "tracks_of",
]
