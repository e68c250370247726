"""CAT001, the older monoradar plots and tracks, edition 1.4, and CAT002, their service messages, edition 1.2.

Read only. The items of a CAT001 record stand in one order for plots and in another for tracks; the first bit of
I001/020 says which; a record without it is read as a plot [eurocontrol_cat001].
"""

from __future__ import annotations

from chainhome.formats.asterix.layout import Item, Layout, explicit, extended, fixed, repeated, repeated_fx, rfs

_ITEMS = (
    fixed(0, "010", "Data source identifier", "sac:8 sic:8"),
    extended(
        0,
        "020",
        "Target report descriptor",
        "is_track:1 sim:1 ssr_psr:2 ant:1 spi:1 rab:1",
        "tst:1 ds1_ds2:2 me:1 mi:1 _:2",
    ),
    fixed(0, "161", "Track or plot number", "track_number:16"),
    fixed(0, "040", "Measured position, slant polar", "range_nm:16u/128 azimuth_deg:16w*360/65536"),
    fixed(0, "042", "Calculated position, Cartesian", "x_nm:16s/64 y_nm:16s/64"),
    fixed(0, "200", "Calculated velocity, polar", "ground_speed_nmps:16u/16384 heading_deg:16w*360/65536"),
    fixed(0, "070", "Mode 3/A code", "mode_3a_v:1 mode_3a_g:1 mode_3a_l:1 _:1 mode_3a:12o"),
    fixed(0, "090", "Mode C height", "flight_level_v:1 flight_level_g:1 flight_level_fl:14s/4"),
    fixed(0, "141", "Truncated time of day", "truncated_time_s:16u/128"),
    repeated_fx(0, "130", "Radar plot characteristics (7 bits each)", 1, "plot_characteristics"),
    fixed(0, "131", "Received power", "received_power_dbm:8s*1"),
    fixed(0, "120", "Measured radial Doppler speed", "doppler_nmps:8s/256"),
    extended(0, "170", "Track status", "con:1 rad:1 man:1 dou:1 rdpc:1 _:1 ghost:1", "track_end:1 _:6"),
    repeated_fx(0, "210", "Track quality (7 bits each)", 1, "track_quality"),
    fixed(0, "050", "Mode 2 code", "mode_2_v:1 mode_2_g:1 mode_2_l:1 _:1 mode_2:12o"),
    fixed(0, "080", "Mode 3/A pulses of low confidence", "_:4 mode_3a_doubt:12"),
    fixed(
        0,
        "100",
        "Mode C code (Gray) and pulses of low confidence",
        "mode_c_v:1 mode_c_g:1 _:2 mode_c_gray:12 _:4 mode_c_doubt:12",
    ),
    fixed(0, "060", "Mode 2 pulses of low confidence", "_:4 mode_2_doubt:12"),
    repeated_fx(0, "030", "Warnings (7 bits each)", 1, "warnings"),
    fixed(0, "150", "Presence of the X pulse", "xa:1 _:1 xc:1 _:2 x2:1 _:2"),
    explicit(0, "SP", "Special purpose field", "special_purpose"),
    rfs(0),
)
_PLOT = "010 020 040 070 090 130 141 050 120 131 080 100 060 030 150 - - - - SP RFS"
_TRACK = "010 020 161 040 042 200 070 090 141 130 131 120 170 210 050 080 100 060 030 SP RFS 150"


def _ordered(order: str) -> tuple[Item, ...]:
    by_name = {item.name: item for item in _ITEMS}
    return tuple(by_name[name]._replace(frn=frn) for frn, name in enumerate(order.split(), 1) if name != "-")


CAT001_PLOT = Layout(1, "1.4", _ordered(_PLOT), "plot")
CAT001_TRACK = Layout(1, "1.4", _ordered(_TRACK), "track")

CAT002 = Layout(
    2,
    "1.2",
    (
        fixed(1, "010", "Data source identifier", "sac:8 sic:8"),
        fixed(2, "000", "Message type (1 north marker, 2 sector crossing)", "message_type:8"),
        fixed(3, "020", "Sector number", "sector_deg:8w*360/256"),
        fixed(4, "030", "Time of day", "time_of_day_s:24u/128"),
        fixed(5, "041", "Antenna rotation period", "rotation_s:16u/128"),
        repeated_fx(6, "050", "Station configuration status (7 bits each)", 1, "configuration"),
        repeated_fx(7, "060", "Station processing mode (7 bits each)", 1, "processing"),
        repeated(8, "070", "Plot counts (1 bit aerial, 5 bits what, 10 bits count)", 2, "plot_counts"),
        fixed(
            9,
            "100",
            "Dynamic window",
            "window_range_start_nm:16u/128 window_range_end_nm:16u/128"
            " window_azimuth_start_deg:16w*360/65536 window_azimuth_end_deg:16w*360/65536",
        ),
        fixed(10, "090", "Collimation error", "range_error_nm:8s/128 azimuth_error_deg:8s*360/16384"),
        repeated_fx(11, "080", "Warnings (7 bits each)", 1, "warnings"),
        explicit(13, "SP", "Special purpose field", "special_purpose"),
        rfs(14),
    ),
)
