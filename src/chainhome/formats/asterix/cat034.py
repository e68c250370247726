"""CAT034, monoradar service messages, edition 1.29 [eurocontrol_cat034]."""

from __future__ import annotations

from chainhome.formats.asterix.layout import Layout, compound, explicit, fixed, repeated

NORTH_MARKER, SECTOR_CROSSING = 1, 2

CAT034 = Layout(
    34,
    "1.29",
    (
        fixed(1, "010", "Data source identifier", "sac:8 sic:8"),
        fixed(2, "000", "Message type (1 north marker, 2 sector crossing)", "message_type:8"),
        fixed(3, "030", "Time of day", "time_of_day_s:24u/128"),
        fixed(4, "020", "Sector number", "sector_deg:8w*360/256"),
        fixed(5, "041", "Antenna rotation period", "rotation_s:16u/128"),
        compound(
            6,
            "050",
            "System configuration and status",
            fixed(1, "COM", "Common part", "nogo:1 rdpc:1 rdpr:1 ovl_rdp:1 ovl_xmt:1 msc:1 tsv:1 _:1"),
            fixed(4, "PSR", "Primary radar", "psr_ant:1 psr_chab:2 psr_ovl:1 psr_msc:1 _:3"),
            fixed(5, "SSR", "Secondary radar", "ssr_ant:1 ssr_chab:2 ssr_ovl:1 ssr_msc:1 _:3"),
            fixed(
                6,
                "MDS",
                "Mode S",
                "mds_ant:1 mds_chab:2 mds_ovl_sur:1 mds_msc:1 mds_scf:1 mds_dlf:1 mds_ovl_scf:1 mds_ovl_dlf:1 _:7",
            ),
        ),
        compound(
            7,
            "060",
            "System processing mode",
            fixed(1, "COM", "Common part", "_:1 red_rdp:3 red_xmt:3 _:1"),
            fixed(4, "PSR", "Primary radar", "psr_pol:1 psr_red:3 psr_stc:2 _:2"),
            fixed(5, "SSR", "Secondary radar", "ssr_red:3 _:5"),
            fixed(6, "MDS", "Mode S", "mds_red:3 mds_clu:1 _:4"),
        ),
        repeated(8, "070", "Message counts (5 bits type, 11 bits count)", 2, "message_counts"),
        fixed(
            9,
            "100",
            "Generic polar window",
            "window_range_start_nm:16u/256 window_range_end_nm:16u/256"
            " window_azimuth_start_deg:16w*360/65536 window_azimuth_end_deg:16w*360/65536",
        ),
        fixed(10, "110", "Data filter", "data_filter:8"),
        fixed(
            11,
            "120",
            "Position of the data source, WGS-84",
            "height_m:16s*1 lat_deg:24s*180/8388608 lon_deg:24s*180/8388608",
        ),
        fixed(12, "090", "Collimation error", "range_error_nm:8s/128 azimuth_error_deg:8s*360/16384"),
        explicit(13, "RE", "Reserved expansion field", "reserved_expansion"),
        explicit(14, "SP", "Special purpose field", "special_purpose"),
    ),
)
