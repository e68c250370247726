"""CAT021, ADS-B target reports, edition 2.6.

Editions 2.2 to 2.7 have the same items; 2.7 adds octets to I021/090, which are stepped over, and 2.1 differs in the
second octet of I021/271 only. Editions 0.x are another layout and are not read [eurocontrol_cat021].
"""

from __future__ import annotations

from chainhome.formats.asterix.layout import Item, Layout, compound, explicit, extended, fixed, repeated

_AGES = (
    "AOS:operational_status TRD:report_descriptor M3A:mode_3a QI:quality TI1:trajectory_intent MAM:amplitude"
    " GH:geometric_height FL:flight_level SAL:selected_altitude FSA:final_altitude AS:air_speed TAS:true_air_speed"
    " MH:magnetic_heading BVR:baro_rate GVR:geometric_rate GV:ground_vector TAR:track_angle_rate TI2:callsign"
    " TS:target_status MET:met ROA:roll ARA:acas SCC:surface"
)


def _ages() -> list[Item]:
    pairs = [word.split(":") for word in _AGES.split()]
    return [
        fixed(frn, name, f"Age, {what.replace('_', ' ')}", f"age_{what}_s:8u/10")
        for frn, (name, what) in enumerate(pairs, 1)
    ]


CAT021 = Layout(
    21,
    "2.6",
    (
        fixed(1, "010", "Data source identification", "sac:8 sic:8"),
        extended(
            2,
            "040",
            "Target report descriptor",
            "atp:3 arc:2 rc:1 rab:1",
            "dcr:1 gbs:1 sim:1 tst:1 saa:1 cl:2",
            "_:1 llc:1 ipc:1 nogo:1 cpr:1 ldpj:1 rcf:1",
            "tbc_ep:1 tbc:6",
            "mbc_ep:1 mbc:6",
        ),
        fixed(3, "161", "Track number", "_:4 track_number:12"),
        fixed(4, "015", "Service identification", "service:8"),
        fixed(5, "071", "Time of applicability, position", "time_position_s:24u/128"),
        fixed(6, "130", "Position, WGS-84", "lat_deg:24s*180/8388608 lon_deg:24s*180/8388608"),
        fixed(
            7,
            "131",
            "High-resolution position, WGS-84",
            "lat_fine_deg:32s*180/1073741824 lon_fine_deg:32s*180/1073741824",
        ),
        fixed(8, "072", "Time of applicability, velocity", "time_velocity_s:24u/128"),
        fixed(9, "150", "Air speed (im 0: IAS in 2^-14 NM/s, 1: Mach in 0.001)", "air_speed_im:1 air_speed:15"),
        fixed(10, "151", "True air speed", "tas_re:1 tas_kt:15u*1"),
        fixed(11, "080", "Target address", "address:24"),
        fixed(12, "073", "Time of reception, position", "time_received_position_s:24u/128"),
        fixed(
            13,
            "074",
            "Same, high precision",
            "time_received_position_fsi:2 time_received_position_part_s:30u/1073741824",
        ),
        fixed(14, "075", "Time of reception, velocity", "time_received_velocity_s:24u/128"),
        fixed(
            15,
            "076",
            "Same, high precision",
            "time_received_velocity_fsi:2 time_received_velocity_part_s:30u/1073741824",
        ),
        fixed(16, "140", "Geometric height above the ellipsoid", "geometric_height_ft:16s*6.25"),
        extended(
            17,
            "090",
            "Quality indicators",
            "nucr_nacv:3 nucp_nic:4",
            "nic_baro:1 sil:2 nacp:4",
            "_:2 sils:1 sda:2 gva:2",
            "pic:4 _:3",
        ),
        fixed(18, "210", "MOPS version", "_:1 vns:1 vn:3 ltt:3"),
        fixed(19, "070", "Mode 3/A code", "_:4 mode_3a:12o"),
        fixed(20, "230", "Roll angle", "roll_deg:16s/100"),
        fixed(21, "145", "Flight level", "flight_level_fl:16s/4"),
        fixed(22, "152", "Magnetic heading", "magnetic_heading_deg:16w*360/65536"),
        fixed(23, "200", "Target status", "icf:1 lnav:1 military_emergency:1 ps:3 ss:2"),
        fixed(24, "155", "Barometric vertical rate", "baro_rate_re:1 baro_rate_ftpm:15s*6.25"),
        fixed(25, "157", "Geometric vertical rate", "geometric_rate_re:1 geometric_rate_ftpm:15s*6.25"),
        fixed(
            26, "160", "Ground vector", "ground_vector_re:1 ground_speed_nmps:15u/16384 track_angle_deg:16w*360/65536"
        ),
        fixed(27, "165", "Track angle rate", "_:6 track_angle_rate_degps:10s/32"),
        fixed(28, "077", "Time of report transmission", "time_transmitted_s:24u/128"),
        fixed(29, "170", "Target identification (8 characters of 6 bits)", "callsign:48"),
        fixed(30, "020", "Emitter category", "emitter_category:8"),
        compound(
            31,
            "220",
            "Met information",
            fixed(1, "WS", "Wind speed", "wind_speed_kt:16u*1"),
            fixed(2, "WD", "Wind direction", "wind_direction_deg:16u*1"),
            fixed(3, "TMP", "Temperature", "temperature_c:16s/4"),
            fixed(4, "TRB", "Turbulence", "turbulence:8"),
        ),
        fixed(32, "146", "Selected altitude", "selected_sas:1 selected_source:2 selected_altitude_ft:13s*25"),
        fixed(33, "148", "Final state selected altitude", "final_mv:1 final_ah:1 final_am:1 final_altitude_ft:13s*25"),
        compound(
            34,
            "110",
            "Trajectory intent",
            extended(1, "TIS", "Status", "intent_nav:1 intent_nvb:1 _:5"),
            repeated(2, "TID", "Points", 15, "intent_points"),
        ),
        fixed(35, "016", "Service management, report period", "report_period_s:8u/2"),
        fixed(36, "008", "Aircraft operational status", "ra:1 tc:2 ts:1 arv:1 cdti_a:1 not_tcas:1 sa:1"),
        extended(37, "271", "Surface capabilities", "_:2 poa:1 cdti_s:1 b2_low:1 ras:1 ident:1", "length_width:4 _:3"),
        fixed(38, "132", "Message amplitude", "amplitude_dbm:8s*1"),
        repeated(39, "250", "BDS register data (7 bytes and the register)", 8, "bds"),
        fixed(
            40,
            "260",
            "ACAS resolution advisory report",
            "acas_typ:5 acas_styp:3 acas_ara:14 acas_rac:4 acas_rat:1 acas_mte:1 acas_tti:2 acas_tid:26",
        ),
        fixed(41, "400", "Receiver", "receiver:8"),
        compound(
            42,
            "295",
            "Data ages",
            *_ages(),
        ),
        explicit(48, "RE", "Reserved expansion field", "reserved_expansion"),
        explicit(49, "SP", "Special purpose field", "special_purpose"),
    ),
)
