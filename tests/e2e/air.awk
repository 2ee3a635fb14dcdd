# SPDX-License-Identifier: MIT
# A year of an air quality station in the form of UCI's AirQualityUCI.csv.
function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.2831853 * rand()) }
function comma(v, places,  s) { s = sprintf("%." places "f", v); sub(/\./, ",", s); return s }
function known(text, share) { return rand() < share ? "-200" : text }
# benzene by what the sensor of NMHC shows, in mg/m3
function benzene(s,  i) {
	for (i = 1; i < n - 1 && s > x[i + 1]; i++) ;
	return y[i] + (s - x[i]) * (y[i + 1] - y[i]) / (x[i + 1] - x[i])
}
BEGIN {
	srand(5); OFS = ";"; ORS = "\r\n"
	n = split("383 561 690 750 836 948 1046 1300 1700 2214", x, " ")
	split("0.1 1.7 3.6 4.7 6.5 9.2 11.9 20.4 37.5 63.7", y, " ")
	split("31 28 31 30 31 30 31 31 30 31 30 31", days, " ")
	print "Date;Time;CO(GT);PT08.S1(CO);NMHC(GT);C6H6(GT);PT08.S2(NMHC);NOx(GT);PT08.S3(NOx);NO2(GT);PT08.S4(NO2);PT08.S5(O3);T;RH;AH;;"
	day = 10; month = 3; year = 2004; hour = 18
	for (i = 0; i < 9357; i++) {
		air = 0.9 * air + 0.44 * normal()
		season = sin((i / 24 + 68 - 100) / 365 * 6.2831853)
		sun = sin((hour - 9) / 24 * 6.2831853)
		traffic = 0.6 * sin((hour - 13) / 24 * 6.2831853) + 0.5 * sin((hour - 5) / 12 * 6.2831853) + air
		s2 = 940 + 210 * traffic + 20 * season; if (s2 < 390) s2 = 390; if (s2 > 2200) s2 = 2200
		t = 18 + 9 * season + 5 * sun + 2 * normal(); rh = 50 - 10 * sun - 5 * season + 8 * normal()
		off = rand() < 0.04
		s = comma(benzene(s2) + 0.05 * normal(), 1)
		print sprintf("%02d/%02d/%d", day, month, year), sprintf("%02d.00.00", hour), \
			known(comma(2.1 + 1.1 * traffic + 0.2 * normal(), 1), 0.18), off ? -200 : int(1100 + 180 * traffic + 40 * normal()), \
			(i > 900 ? -200 : known(int(218 + 150 * traffic), 0.1)), off ? "-200,0" : s, off ? -200 : int(s2), \
			known(int(250 + 130 * traffic - 60 * season + 30 * normal()), 0.175), off ? -200 : int(835 - 190 * traffic + 50 * normal()), \
			known(int(113 + 30 * traffic - 15 * season + 9 * normal()), 0.175), off ? -200 : int(1456 + 240 * traffic + 180 * season + 60 * normal()), \
			off ? -200 : int(1022 + 320 * traffic + 80 * normal()), off ? -200 : comma(t, 1), off ? -200 : comma(rh, 1), \
			off ? -200 : comma(1.0 + 0.35 * season + 0.1 * normal(), 4), "", ""
		if (++hour == 24) { hour = 0; if (++day > days[month]) { day = 1; if (++month > 12) { month = 1; year++ } } }
	}
	for (i = 0; i < 114; i++) print ";;;;;;;;;;;;;;;;"
}
