"""A file that is no TOML file: one sentence for each way, for scenarios and sensors files alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainhome.catalogue import load as load_catalogue
from chainhome.errors import UseError
from chainhome.scenario import load
from chainhome.scenario.sensors_file import load_sensors
from chainhome.scenario.toml_file import read_text


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "sensors.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 1\n")
    assert read_text(path, "sensors file") == "name = 1\n"


def test_what_is_not_text_not_there_or_a_folder_is_told_with_what_was_expected(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    for path, told in (
        (binary, "not a text file in UTF-8; expected a {} in TOML"),
        (folder, "is a folder; expected a {} "),
    ):
        with pytest.raises(UseError, match=told.format("sensors file")):
            load_sensors(path)
        with pytest.raises(UseError, match=told.format("scenario file")):
            load(str(path), load_catalogue())
    with pytest.raises(UseError, match="no such file; expected a sensors file"):
        load_sensors(tmp_path / "absent.toml")
