"""CAT048, monoradar target reports, edition 1.32 (editions from 1.15 on have the same lengths) [eurocontrol_cat048]."""

from __future__ import annotations

from chainhome.formats.asterix.layout import Layout, compound, explicit, extended, fixed, repeated, repeated_fx

# Confidence of the pulses of a reply, one bit each (1 = low), in the order in which they stand in the item.
MODE_3A_DOUBT = "A4 A2 A1 B4 B2 B1 C4 C2 C1 D4 D2 D1"
MODE_C_DOUBT = "C1 A1 C2 A2 C4 A4 B1 D1 B2 D2 B4 D4"

CAT048 = Layout(
    48,
    "1.32",
    (
        fixed(1, "010", "Data source identifier", "sac:8 sic:8"),
        fixed(2, "140", "Time of day", "time_of_day_s:24u/128"),
        extended(
            3,
            "020",
            "Target report descriptor",
            "typ:3 sim:1 rdp:1 spi:1 rab:1",
            "tst:1 err:1 xpp:1 me:1 mi:1 foe_fri:2",
            "adsb_ep:1 adsb:1 scn_ep:1 scn:1 pai_ep:1 pai:1 _:1",
            "acasxv_ep:1 acasxv:4 poxpr_ep:1 poxpr:1",
            "poact_ep:1 poact:1 dtfxpr_ep:1 dtfxpr:1 dtfact_ep:1 dtfact:1 _:1",
            "irmxpr_ep:1 irmxpr:1 irmact_ep:1 irmact:1 _:3",
        ),
        fixed(4, "040", "Measured position, slant polar", "range_nm:16u/256 azimuth_deg:16w*360/65536"),
        fixed(5, "070", "Mode 3/A code", "mode_3a_v:1 mode_3a_g:1 mode_3a_l:1 _:1 mode_3a:12o"),
        fixed(6, "090", "Flight level", "flight_level_v:1 flight_level_g:1 flight_level_fl:14s/4"),
        compound(
            7,
            "130",
            "Radar plot characteristics",
            fixed(1, "SRL", "SSR plot run length", "srl_deg:8u*360/8192"),
            fixed(2, "SRR", "Number of SSR replies", "srr:8"),
            fixed(3, "SAM", "Amplitude of SSR replies", "sam_dbm:8s*1"),
            fixed(4, "PRL", "Primary plot run length", "prl_deg:8u*360/8192"),
            fixed(5, "PAM", "Amplitude of the primary plot", "pam_dbm:8s*1"),
            fixed(6, "RPD", "Range difference, PSR minus SSR", "rpd_nm:8s/256"),
            fixed(7, "APD", "Azimuth difference, PSR minus SSR", "apd_deg:8s*360/16384"),
        ),
        fixed(8, "220", "Aircraft address", "address:24"),
        fixed(9, "240", "Aircraft identification (8 characters of 6 bits)", "callsign:48"),
        repeated(10, "250", "BDS register data (7 bytes and the register)", 8, "bds"),
        fixed(11, "161", "Track number", "_:4 track_number:12"),
        fixed(12, "042", "Calculated position, Cartesian", "x_nm:16s/128 y_nm:16s/128"),
        fixed(13, "200", "Calculated velocity, polar", "ground_speed_nmps:16u/16384 heading_deg:16w*360/65536"),
        extended(
            14,
            "170",
            "Track status",
            "cnf:1 rad:2 dou:1 mah:1 cdm:2",
            "track_end:1 ghost:1 sup:1 slant_corrected:1 _:3",
        ),
        fixed(
            15,
            "210",
            "Track quality",
            "sigma_x_nm:8u/128 sigma_y_nm:8u/128 sigma_speed_nmps:8u/16384 sigma_heading_deg:8u*360/4096",
        ),
        repeated_fx(16, "030", "Warnings and target classification (7 bits each)", 1, "warnings"),
        fixed(17, "080", "Mode 3/A pulses of low confidence", "_:4 mode_3a_doubt:12"),
        fixed(
            18,
            "100",
            "Mode C code (Gray) and pulses of low confidence",
            "mode_c_v:1 mode_c_g:1 _:2 mode_c_gray:12 _:4 mode_c_doubt:12",
        ),
        fixed(19, "110", "Height measured by a 3-D radar", "_:2 height_3d_ft:14s*25"),
        compound(
            20,
            "120",
            "Radial Doppler speed",
            fixed(1, "CAL", "Calculated Doppler speed", "doppler_doubtful:1 _:5 doppler_mps:10s*1"),
            repeated(2, "RDS", "Raw Doppler speeds", 6, "raw_doppler"),
        ),
        fixed(
            21,
            "230",
            "Communications, ACAS capability, flight status",
            "com:3 stat:3 si:1 _:1 mssc:1 arc:1 aic:1 b1a:1 b1b:4",
        ),
        fixed(22, "260", "ACAS resolution advisory report (BDS 3,0)", "acas_report:56"),
        fixed(23, "055", "Mode 1 code", "mode_1_v:1 mode_1_g:1 mode_1_l:1 mode_1:5"),
        fixed(24, "050", "Mode 2 code", "mode_2_v:1 mode_2_g:1 mode_2_l:1 _:1 mode_2:12o"),
        fixed(25, "065", "Mode 1 pulses of low confidence", "_:3 mode_1_doubt:5"),
        fixed(26, "060", "Mode 2 pulses of low confidence", "_:4 mode_2_doubt:12"),
        explicit(27, "SP", "Special purpose field", "special_purpose"),
        explicit(28, "RE", "Reserved expansion field", "reserved_expansion"),
    ),
)
