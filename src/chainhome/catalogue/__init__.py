"""The claims: what is published of systems, aircraft, sites and deliveries, each with band, source and confidence.

`load()` reads the TOML files under `data/` and gives a `Catalogue`; `system`, `aircraft`, `site` and `find` look things
up by name, `iter_claims` lists every claim of an item, `status_at` tells what a country had been delivered and had
switched on, `deployments` what stood where.
"""

from chainhome.catalogue.bibliography import cited_keys, sources_markdown
from chainhome.catalogue.loader import content_hash, load
from chainhome.catalogue.look_up import Catalogue
from chainhome.catalogue.model import (
    Aircraft,
    Band,
    Claim,
    Event,
    History,
    Interceptor,
    Item,
    Occupation,
    Posting,
    Preset,
    Radar,
    Reading,
    Site,
    Source,
    System,
    Topic,
    iter_claims,
    normalise,
)
from chainhome.catalogue.postings import DatedClaim, Deployment, deployments
from chainhome.catalogue.status import Status, status_at

__all__ = [
    "Aircraft",
    "Band",
    "Catalogue",
    "Claim",
    "DatedClaim",
    "Deployment",
    "Event",
    "History",
    "Interceptor",
    "Item",
    "Occupation",
    "Posting",
    "Preset",
    "Radar",
    "Reading",
    "Site",
    "Source",
    "Status",
    "System",
    "Topic",
    "cited_keys",
    "content_hash",
    "deployments",
    "iter_claims",
    "load",
    "normalise",
    "sources_markdown",
    "status_at",
]
