"""Files ↔ tables: one file for each format, `read_*` and `write_*`."""

from chainhome.formats.parquet import read_table, write_table
from chainhome.formats.run_folder import Run, RunWriter, is_complete, is_run, read_run

__all__ = ["Run", "RunWriter", "is_complete", "is_run", "read_run", "read_table", "write_table"]
