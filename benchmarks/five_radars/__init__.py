"""Real flights seen by five simulated radars, for bench_five_radars.py: `flights`, `radars`, `trial`, `score`."""
