"""CAT062, system tracks of a centre, edition 1.21 (the lengths are those of 1.16 to 1.21) [eurocontrol_cat062]."""

from __future__ import annotations

from chainhome.formats.asterix.layout import Item, Layout, compound, explicit, extended, fixed, repeated, repeated_fx

_UPDATE_AGES = "TRK:track PSR:psr SSR:ssr MDS:mode_s ADS:adsc ES:es VDL:vdl UAT:uat LOP:loop MLT:mlat"
_DATA_AGES = (
    "MFL:measured_fl MD1:mode_1 MD2:mode_2 MDA:mode_3a MD4:mode_4 MD5:mode_5 MHG:magnetic_heading IAS:ias TAS:tas"
    " SAL:selected_altitude FSS:final_altitude TID:intent COM:com SAB:adsb_status ACS:acas BVR:baro_rate"
    " GVR:geometric_rate RAN:roll TAR:track_angle_rate TAN:track_angle GSP:ground_speed VUN:velocity_uncertainty"
    " MET:met EMC:emitter_category POS:position GAL:geometric_altitude PUN:position_uncertainty MB:bds IAR:iar MAC:mach"
    " BPS:pressure_setting"
)


def _ages(text: str, wide: str = "") -> list[Item]:
    items: list[Item] = []
    for frn, word in enumerate(text.split(), 1):
        name, what = word.split(":")
        bits = 16 if name == wide else 8
        items.append(fixed(frn, name, f"Age, {what.replace('_', ' ')}", f"age_{what}_s:{bits}u/4"))
    return items


_AIRCRAFT = (
    fixed(1, "ADR", "Target address", "address:24"),
    fixed(2, "ID", "Identification (8 characters of 6 bits)", "aircraft_callsign:48"),
    fixed(3, "MHG", "Magnetic heading", "magnetic_heading_deg:16w*360/65536"),
    fixed(4, "IAS", "Air speed (im 0: IAS in 2^-14 NM/s, 1: Mach in 0.001)", "air_speed_im:1 air_speed:15"),
    fixed(5, "TAS", "True air speed", "tas_kt:16u*1"),
    fixed(6, "SAL", "Selected altitude", "selected_sas:1 selected_source:2 selected_altitude_ft:13s*25"),
    fixed(7, "FSS", "Final state selected altitude", "final_mv:1 final_ah:1 final_am:1 final_altitude_ft:13s*25"),
    extended(8, "TIS", "Trajectory intent status", "intent_nav:1 intent_nvb:1 _:5"),
    repeated(9, "TID", "Trajectory intent points", 15, "intent_points"),
    fixed(10, "COM", "Communications, flight status", "com:3 stat:3 _:2 ssc:1 arc:1 aic:1 b1a:1 b1b:4"),
    fixed(11, "SAB", "Status by ADS-B", "adsb_ac:2 adsb_mn:2 adsb_dc:2 adsb_gbs:1 _:6 adsb_stat:3"),
    fixed(12, "ACS", "ACAS resolution advisory report (BDS 3,0)", "acas_report:56"),
    fixed(13, "BVR", "Barometric vertical rate", "baro_rate_ftpm:16s*6.25"),
    fixed(14, "GVR", "Geometric vertical rate", "geometric_rate_ftpm:16s*6.25"),
    fixed(15, "RAN", "Roll angle", "roll_deg:16s/100"),
    fixed(16, "TAR", "Track angle rate", "turn_indicator:2 _:6 track_angle_rate_degps:7s/4 _:1"),
    fixed(17, "TAN", "Track angle", "track_angle_deg:16w*360/65536"),
    fixed(18, "GS", "Ground speed", "ground_speed_nmps:16s/16384"),
    fixed(19, "VUN", "Velocity uncertainty", "velocity_uncertainty:8"),
    fixed(
        20,
        "MET",
        "Meteorological data",
        "met_ws:1 met_wd:1 met_tmp:1 met_trb:1 _:4 wind_speed_kt:16u*1 wind_direction_deg:16u*1 temperature_c:16s/4"
        " turbulence:8",
    ),
    fixed(21, "EMC", "Emitter category", "emitter_category:8"),
    fixed(22, "POS", "Position by ADS-B", "adsb_lat_deg:24s*180/8388608 adsb_lon_deg:24s*180/8388608"),
    fixed(23, "GAL", "Geometric altitude by ADS-B", "adsb_altitude_ft:16s*6.25"),
    fixed(24, "PUN", "Position uncertainty", "_:4 position_uncertainty:4"),
    repeated(25, "BDSDATA", "BDS register data (7 bytes and the register)", 8, "bds"),
    fixed(26, "IAR", "Indicated air speed", "ias_kt:16u*1"),
    fixed(27, "MAC", "Mach number", "speed_mach:16u*0.008"),
    fixed(28, "BPS", "Barometric pressure setting, from 800 hPa", "_:4 pressure_setting_hpa:12u/10"),
)
_FLIGHT_PLAN = (
    fixed(1, "TAG", "FPPS identification", "plan_sac:8 plan_sic:8"),
    fixed(2, "CS", "Call sign (7 ASCII)", "plan_callsign:56"),
    fixed(3, "IFI", "IFPS flight id", "plan_id_typ:2 _:3 plan_id:27"),
    fixed(4, "FCT", "Flight category", "plan_gat_oat:2 plan_rules:2 plan_rvsm:2 plan_hpr:1 _:1"),
    fixed(5, "TAC", "Type of aircraft (4 ASCII)", "plan_aircraft_type:32"),
    fixed(6, "WTC", "Wake turbulence category (ASCII)", "plan_wake:8"),
    fixed(7, "DEP", "Departure airport (4 ASCII)", "plan_departure:32"),
    fixed(8, "DST", "Destination airport (4 ASCII)", "plan_destination:32"),
    fixed(9, "RDS", "Runway (3 ASCII)", "plan_runway_1:8 plan_runway_2:8 plan_runway_letter:8"),
    fixed(10, "CFL", "Current cleared flight level", "plan_cleared_fl:16u/4"),
    fixed(11, "CTL", "Current control position", "plan_centre:8 plan_position:8"),
    repeated(12, "TOD", "Times of departure and arrival", 4, "plan_times"),
    fixed(13, "AST", "Aircraft stand (6 ASCII)", "plan_stand:48"),
    fixed(14, "STS", "Stand status", "plan_stand_emp:2 plan_stand_avl:2 _:4"),
    fixed(15, "STD", "Standard departure (7 ASCII)", "plan_sid:56"),
    fixed(16, "STA", "Standard arrival (7 ASCII)", "plan_star:56"),
    fixed(17, "PEM", "Mode 3/A before the emergency", "_:3 plan_mode_3a_v:1 plan_mode_3a:12o"),
    fixed(18, "PEC", "Call sign before the emergency (7 ASCII)", "plan_emergency_callsign:56"),
)
_MODE_5 = (
    fixed(1, "SUM", "Summary", "m5:1 m5_id:1 m5_da:1 m5_m1:1 m5_m2:1 m5_m3:1 m5_mc:1 m5_x:1"),
    fixed(2, "PMN", "PIN, national origin, mission", "_:2 m5_pin:14 _:3 m5_nat:5 _:2 m5_mis:6"),
    fixed(3, "POS", "Reported position", "m5_lat_deg:24s*180/8388608 m5_lon_deg:24s*180/8388608"),
    fixed(4, "GA", "GNSS altitude", "_:1 m5_res:1 m5_altitude_ft:14s*25"),
    fixed(5, "EM1", "Extended Mode 1 code", "_:4 mode_1_extended:12o"),
    fixed(6, "TOS", "Time offset", "m5_time_offset_s:8s/128"),
    fixed(7, "XP", "X pulses", "_:3 x5:1 xc:1 x3:1 x2:1 x1:1"),
)
_ACCURACIES = (
    fixed(1, "APC", "Position, Cartesian", "sigma_x_m:16u/2 sigma_y_m:16u/2"),
    fixed(2, "COV", "XY covariance component", "covariance_xy_m:16s/2"),
    fixed(3, "APW", "Position, WGS-84", "sigma_lat_deg:16u*180/33554432 sigma_lon_deg:16u*180/33554432"),
    fixed(4, "AGA", "Geometric altitude", "sigma_geometric_altitude_ft:8u*6.25"),
    fixed(5, "ABA", "Barometric altitude", "sigma_baro_altitude_fl:8u/4"),
    fixed(6, "ATV", "Velocity, Cartesian", "sigma_vx_mps:8u/4 sigma_vy_mps:8u/4"),
    fixed(7, "AA", "Acceleration, Cartesian", "sigma_ax_mps2:8u/4 sigma_ay_mps2:8u/4"),
    fixed(8, "ARC", "Rate of climb", "sigma_climb_ftpm:8u*6.25"),
)
_MEASURED = (
    fixed(1, "SID", "Sensor", "measured_sac:8 measured_sic:8"),
    fixed(2, "POS", "Position, polar", "measured_range_nm:16u/256 measured_azimuth_deg:16w*360/65536"),
    fixed(3, "HEIGHT", "3-D height", "measured_height_ft:16s*25"),
    fixed(4, "MDC", "Mode C", "measured_mode_c_v:1 measured_mode_c_g:1 measured_mode_c_fl:14s/4"),
    fixed(
        5, "MDA", "Mode 3/A", "measured_mode_3a_v:1 measured_mode_3a_g:1 measured_mode_3a_l:1 _:1 measured_mode_3a:12o"
    ),
    fixed(6, "TYP", "Report type", "measured_typ:3 measured_sim:1 measured_rab:1 measured_tst:1 _:2"),
)

CAT062 = Layout(
    62,
    "1.21",
    (
        fixed(1, "010", "Data source identifier", "sac:8 sic:8"),
        fixed(3, "015", "Service identification", "service:8"),
        fixed(4, "070", "Time of track information", "time_of_day_s:24u/128"),
        fixed(5, "105", "Position, WGS-84", "lat_deg:32s*180/33554432 lon_deg:32s*180/33554432"),
        fixed(6, "100", "Position, Cartesian", "x_m:24s/2 y_m:24s/2"),
        fixed(7, "185", "Velocity, Cartesian", "vx_mps:16s/4 vy_mps:16s/4"),
        fixed(8, "210", "Acceleration, Cartesian", "ax_mps2:8s/4 ay_mps2:8s/4"),
        fixed(9, "060", "Mode 3/A code", "mode_3a_v:1 mode_3a_g:1 mode_3a_ch:1 _:1 mode_3a:12o"),
        fixed(10, "245", "Target identification (8 characters of 6 bits)", "callsign_source:2 _:6 callsign:48"),
        compound(11, "380", "Aircraft derived data", *_AIRCRAFT),
        fixed(12, "040", "Track number", "track_number:16"),
        extended(
            13,
            "080",
            "Track status",
            "mon:1 spi:1 mrh:1 src:3 cnf:1",
            "sim:1 tse:1 tsb:1 fpc:1 aff:1 stp:1 kos:1",
            "ama:1 md4:2 me:1 mi:1 md5:2",
            "cst:1 psr:1 ssr:1 mds:1 ads:1 suc:1 aac:1",
            "sds:2 ems:3 pft:1 fplt:1",
            "dupt:1 dupf:1 dupm:1 sfc:1 idd:1 iec:1 mlat:1",
            "m5i:1 _:6",
        ),
        compound(14, "290", "Ages of the last updates", *_ages(_UPDATE_AGES, wide="ADS")),
        fixed(15, "200", "Mode of movement", "trans:2 long:2 vert:2 adf:1 _:1"),
        compound(16, "295", "Ages of the track's data", *_ages(_DATA_AGES.replace(":", ":data_"))),
        fixed(17, "136", "Measured flight level", "flight_level_fl:16s/4"),
        fixed(18, "130", "Calculated geometric altitude", "geometric_altitude_ft:16s*6.25"),
        fixed(19, "135", "Calculated barometric altitude", "baro_qnh:1 baro_altitude_fl:15s/4"),
        fixed(20, "220", "Calculated rate of climb", "climb_ftpm:16s*6.25"),
        compound(21, "390", "Flight plan", *_FLIGHT_PLAN),
        extended(22, "270", "Size and orientation", "length_m:7u*1", "orientation_deg:7w*360/128", "width_m:7u*1"),
        fixed(23, "300", "Vehicle fleet", "vehicle_fleet:8"),
        compound(24, "110", "Mode 5 and extended Mode 1", *_MODE_5),
        fixed(25, "120", "Mode 2 code", "_:4 mode_2:12o"),
        repeated_fx(26, "510", "Composed track number (unit, track)", 3, "composed_track"),
        compound(27, "500", "Estimated accuracies", *_ACCURACIES),
        compound(28, "340", "Measured information", *_MEASURED),
        explicit(34, "RE", "Reserved expansion field", "reserved_expansion"),
        explicit(35, "SP", "Special purpose field", "special_purpose"),
    ),
)
