"""Static pictures and self-contained HTML: a reach result or a run in, files out that need nothing else."""

from chainhome.report.reach_page import write_reach_report
from chainhome.report.run_page import write_run_report

__all__ = ["write_reach_report", "write_run_report"]
