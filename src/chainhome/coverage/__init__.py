"""Coverage of a system against a target over a site: probability of detection and the binding limit, cell by cell."""
