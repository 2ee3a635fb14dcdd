// SPDX-License-Identifier: MIT
/* How tables are written, and that each is read so, or refused with its place. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <accel/accel.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/data/table.h"
#include "files.h"
#include "tap.h"

static const char *last(void)
{
	return accel_last_error();
}

/* ---- cells: what a column's text means ---- */

/* The numbers of column "v" of a table, or the error. */
static bool numbers_are(const char *text, int n, const double *want)
{
	accel_csv_options o = { .path = file_text("n.csv", text) };
	struct reading r = { .o = &o };
	struct table t;
	double v = NAN;
	bool same;
	int c, i;

	if (table_read(&t, &r)) {
		printf("# %s\n", last());
		return false;
	}
	c = table_column(&t, "v");
	same = c >= 0 && t.rows == n && t.format[c].odd < 0;
	for (i = 0; same && i < n; i++) {
		const char *cell = table_cell(&t, i, c);

		same = isnan(want[i])
			       ? !cell
			       : cell && number_parse(cell, &v) && v == want[i];
	}
	if (!same)
		printf("# row %d: %s\n", i,
		       c >= 0 && i && table_cell(&t, i - 1, c)
			       ? table_cell(&t, i - 1, c)
			       : "none");
	table_finish(&t);
	return same;
}

static void test_spellings(void)
{
	static const struct {
		const char *what, *text;
		double want[3];
	} list[] = {
		{ "decimal commas, quoted",
		  "v,y\n\"1,5\",a\n\"-0,25\",b\n\"12,0\",a\n",
		  { 1.5, -0.25, 12 } },
		{ "decimal commas, of semicolons alone",
		  "v;y\n1,234;a\n2,345;b\n3,500;a\n",
		  { 1.234, 2.345, 3.5 } },
		{ "decimal commas, with tabs",
		  "v\ty\n1,5\ta\n2,25\tb\n3\ta\n",
		  { 1.5, 2.25, 3 } },
		{ "thousands by commas beside decimal points",
		  "v,w\n\"1,234\",0.5\n\"12,345,678\",0.25\n900,1.5\n",
		  { 1234, 12345678, 900 } },
		{ "thousands by commas, decided by another column",
		  "v,w\n\"1,234\",0.5\n\"2,345\",0.25\n\"3,456\",1.5\n",
		  { 1234, 2345, 3456 } },
		{ "thousands by points, decimal commas",
		  "v;w\n1.234,5;1\n12.345.678,25;2\n9,75;3\n",
		  { 1234.5, 12345678.25, 9.75 } },
		{ "thousands by blanks and by apostrophes",
		  "v;w\n1 234,5;1\n12 345,25;2\n9,75;3\n",
		  { 1234.5, 12345.25, 9.75 } },
		{ "a unit",
		  "v,w\n21.5 \xc2\xb0"
		  "C,1\n-3 \xc2\xb0"
		  "C,2\n0 \xc2\xb0"
		  "C,3\n",
		  { 21.5, -3, 0 } },
		{ "per cent",
		  "v,w\n45 %,1\n45.5%,2\n100 %,3\n",
		  { 45, 45.5, 100 } },
		{ "units that look the same",
		  "v,w\n1 \xc2\xb0"
		  "C,1\n2 \xc2\xba"
		  "C,2\n3 \xc2\xb0"
		  "C,3\n",
		  { 1, 2, 3 } },
		{ "ohms of two kinds",
		  "v,w\n1 k\xe2\x84\xa6,1\n2 k\xce\xa9,2\n3 k\xce\xa9,3\n",
		  { 1, 2, 3 } },
		{ "a currency",
		  "v,w\n\"$1,234.50\",1\n$5,2\n-$7,3\n",
		  { 1234.5, 5, -7 } },
		{ "a minus of typesetters",
		  "v,w\n\xe2\x88\x92"
		  "5.5,1\n3,2\n4,3\n",
		  { -5.5, 3, 4 } },
		{ "words for no number",
		  "v,w\n-nan,1\n3,2\nunavailable,3\n",
		  { NAN, 3, NAN } },
		{ "no number as C on Windows rounds it",
		  "v,w\n-1.#IND00,1\n3,2\n1.#R,3\n",
		  { NAN, 3, NAN } },
		{ "words of pandas and of C on Windows",
		  "v,w\n<NA>,1\n3,2\n1.#QNAN,3\n",
		  { NAN, 3, NAN } },
		{ "a cell that begins with #",
		  "v,w\n#N/A N/A,1\n3,2\n4,3\n",
		  { NAN, 3, 4 } },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		CHECK(numbers_are(list[i].text, 3, list[i].want), "%s",
		      list[i].what);
}

static void test_refused(void)
{
	static const struct {
		const char *what, *text, *says;
	} list[] = {
		{ "1,234 where nothing tells which it is",
		  "v,y\n\"1,234\",a\n\"2,345\",b\n\"3,456\",a\n",
		  "r.csv:2:1: column \"v\": \"1,234\"" },
		{ "two decimal marks in one column",
		  "v;y\n1,5;a\n2.5;b\n3,5;a\n4,5;b\n5,5;a\n",
		  "r.csv:3:1: column \"v\": \"2.5\"" },
		{ "two units in one column",
		  "v,y\n1 W,a\n2 W,b\n3 kW,a\n4 W,b\n",
		  "r.csv:4:1: column \"v\": \"3 kW\"" },
		{ "watts without a unit beside kilowatts",
		  "v,y\n900,a\n1.2 kW,b\n800,c\n",
		  "r.csv:3:1: column \"v\": \"1.2 kW\": a unit" },
		{ "a number without its unit",
		  "v,y\n1 W,a\n0,b\n3,a\n4 W,b\n5 W,b\n",
		  "r.csv:4:1: column \"v\": \"3\": no unit" },
		{ "an infinity of Windows, which is not 1",
		  "v,y\n2,a\n1.#INF,b\n3,a\n4,b\n",
		  "r.csv:3:1: column \"v\": \"1.#INF\"" },
		{ "a value that is flagged", "v,y\n2,a\n7*,b\n3,a\n4,b\n",
		  "r.csv:3:1: column \"v\": \"7*\"" },
		{ "lines before the header", "Station 7\nv,y\n2,a\n7,b\n",
		  "(--skip N" },
		{ "a header that was taken for values", "1,2\n3,4\n",
		  "--header yes" },
		{ "fields behind the header's, empty in some rows only",
		  "v,y\n1,a,\n2,b,x\n3,c,\n", "r.csv:3:3: 3 fields" },
		{ "Parquet", "PAR1\x15", "r.csv: it is Parquet" },
		{ "a workbook", "PK\3\4 and so on", "workbook" },
		{ "a page", "<!DOCTYPE html><p>404", "HTML" },
	};
	accel_samples *s;
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		s = accel_samples_csv(file_text("r.csv", list[i].text),
				      .label = "y");
		CHECK(!s && strstr(last(), list[i].says), "refused: %s",
		      list[i].what);
		if (s || !strstr(last(), list[i].says))
			printf("# %s\n", s ? "read" : last());
		accel_samples_destroy(s);
	}
	s = accel_samples_csv(file_text("r.csv", list[0].text), .label = "y",
			      .decimal = ',');
	CHECK(s && s->x.shape[1] == 1, "unless it is said");
	accel_samples_destroy(s);
}

/* ---- lines: what separates, and what is none ---- */

static bool columns_are(const char *text, const char *names,
			const accel_csv_options *given)
{
	accel_csv_options o = *given;
	struct reading r = { .o = &o };
	struct table t;
	char list[256] = "";
	int i;

	o.path = file_text("c.csv", text);
	if (table_read(&t, &r)) {
		printf("# %s\n", last());
		return false;
	}
	for (i = 0; i < t.columns; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "%s%s", i ? "," : "", t.names[i]);
	snprintf(list + strlen(list), sizeof(list) - strlen(list), "/%lld",
		 (long long)t.rows);
	table_finish(&t);
	if (strcmp(list, names))
		printf("# %s, not %s\n", list, names);
	return !strcmp(list, names);
}

static void test_lines(void)
{
	static const struct {
		const char *what, *text, *names;
		accel_csv_options o;
	} list[] = {
		{ "separators at the end of rows alone",
		  "a,b\n1,2,\n3,4,\n5,6,\n",
		  "a,b/3",
		  { 0 } },
		{ "at the end of all lines, two of them",
		  "a;b;;\n1;2;;\n3;4;;\n",
		  "a,b/2",
		  { 0 } },
		{ "at the end of the header alone",
		  "a,b,\n1,2\n3,4\n",
		  "a,b/2",
		  { 0 } },
		{ "without a header", "1,2,\n3,4,\n", "1,2/2", { 0 } },
		{ "row numbers, as R has them",
		  "\"a\",\"b\"\n\"1\",2,3\n\"2\",4,5\n",
		  ",a,b/2",
		  { 0 } },
		{ "sep=", "sep=;\na;b\n1;2\n", "a,b/1", { 0 } },
		{ "pipes", "a|b\n1|2\n3|4\n", "a,b/2", { 0 } },
		{ "blanks, any number",
		  "a  b c\n1 2   3\n 4  5 6\n",
		  "a,b,c/2",
		  { 0 } },
		{ "comments before the header",
		  "# of 2025\n# room\na,b\n1,2\n",
		  "a,b/1",
		  { 0 } },
		{ "a header in a comment, as numpy has it",
		  "# a,b\n1,2\n3,4\n",
		  "a,b/2",
		  { 0 } },
		{ "a comment between rows",
		  "a,b\n1,2\n# began again\n3,4\n",
		  "a,b/2",
		  { 0 } },
		{ "comments of another kind",
		  "// x\na,b\n1,2\n// y\n3,4\n",
		  "a,b/2",
		  { .comment = "//" } },
		{ "lines to skip",
		  "Logger 7\n2025\na,b\n1,2\n",
		  "a,b/1",
		  { .skip = 2 } },
		{ "a header of numbers",
		  "2019,2020\n1,2\n3,4\n",
		  "2019,2020/2",
		  { .header = ACCEL_CSV_HEADER_YES } },
		{ "commas as text where tabs separate",
		  "a\tb\n1,x\t2\n3,y\t4\n",
		  "a,b/2",
		  { 0 } },
		{ "columns that blanks align",
		  "  temp   light\n 20.5    100.25\n  21       99.5\n",
		  "temp,light/2",
		  { 0 } },
		{ "a comment with blanks before it, and a quote in it",
		  "a,b\n1,2\n  # the 5\" valve\n3,4\n",
		  "a,b/2",
		  { 0 } },
		{ "a comment of as many words as rows have fields",
		  "a b c\n1 2 3\n# valve open\n4 5 6\n",
		  "a,b,c/2",
		  { 0 } },
		{ "row numbers of R, and separators at the rows' ends",
		  "a,b\n1,2,3,\n2,4,5,\n",
		  ",a,b/2",
		  { 0 } },
		{ "a header of years that holds the label's name",
		  "2019,2020,y\n1,2,on\n3,4,off\n",
		  "2019,2020,y/2",
		  { .label = "y" } },
		{ "no header: the label is a number of a column",
		  "3,2,1\n1,2,3\n3,4,5\n",
		  "1,2,3/3",
		  { .label = "3" } },
		{ "decimal commas where blanks separate",
		  "1627,93 hall\n-200,74 \"a b\"\n432,24 hall\n",
		  "1,2/3",
		  { 0 } },
		{ "units where commas separate, and blanks are in them",
		  "a,b\n21.5 \xc2\xb0"
		  "C,45 %\n22 \xc2\xb0"
		  "C,46 %\n",
		  "a,b/2",
		  { 0 } },
		{ "thousands by commas where semicolons separate",
		  "a;b\n1,234,567;x\n2,345,678;y\n3,456,789;z\n",
		  "a,b/3",
		  { 0 } },
		{ "a header in a comment, blanks separate",
		  "# time temp\n1 21.5\n2 22\n",
		  "time,temp/2",
		  { 0 } },
		{ "a comment with as many commas as rows have",
		  "# units: C, %\na,b\n1,2\n3,4\n",
		  "a,b/2",
		  { 0 } },
		{ "no header: numbers with a unit in the first row",
		  "21 W,on\n22 W,off\n23 W,on\n",
		  "1,2/3",
		  { 0 } },
		{ "a name that is a number with a unit",
		  "10 cm,30 cm\n1.5,2.5\n1.6,2.6\n",
		  "10 cm,30 cm/2",
		  { 0 } },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		CHECK(columns_are(list[i].text, list[i].names, &list[i].o),
		      "%s", list[i].what);
}

/* ---- dates ---- */

static void test_dates(void)
{
	static const struct {
		const char *text;
		int order, year, month, day;
		double second;
	} list[] = {
		{ "2015-02-04 17:51:00", 0, 2015, 2, 4, 64260 },
		{ "2015-02-04T17:51:00.5+01:00", 0, 2015, 2, 4, 64260.5 },
		{ "20150204T175100Z", 0, 2015, 2, 4, 64260 },
		{ "16/12/2006", ACCEL_DATE_DAY_FIRST, 2006, 12, 16, 0 },
		{ "12/16/2006 5:51 PM", ACCEL_DATE_MONTH_FIRST, 2006, 12, 16,
		  64260 },
		{ "12/16/2006 12:00 AM", ACCEL_DATE_MONTH_FIRST, 2006, 12, 16,
		  0 },
		{ "16.12.2006 17.51", 0, 2006, 12, 16, 64260 },
		{ "16.12.06", 0, 2006, 12, 16, 0 },
		{ "4 Feb 2015", 0, 2015, 2, 4, 0 },
		{ "Feb 4, 2015, 17:51", 0, 2015, 2, 4, 64260 },
		{ "04-Feb-15", 0, 2015, 2, 4, 0 },
		{ "2015-02-04 17:51:00,250", 0, 2015, 2, 4, 64260.25 },
		{ "18.00.00", 0, 0, 0, 0, 64800 },
		{ "10.12.06", DATE_TIME_ONLY, 0, 0, 0, 36726 },
		{ "5 PM", 0, 0, 0, 0, 61200 },
		{ "Wed, 4 Feb 2015 17:51:00 +0000", 0, 2015, 2, 4, 64260 },
		{ "Wed Feb  4 17:51:00 2015", 0, 2015, 2, 4, 64260 },
		{ "Wednesday 2015-02-04", 0, 2015, 2, 4, 0 },
	};
	static const char *const none[] = { "16/12/2006", "2015-02-30", "25:00",
					    "13:00 PM",   "1.2.10",     "42",
					    "18.00",      "May",        "",
					    "Wed",        "Wed 42" };
	struct date d;
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		CHECK(date_parse(list[i].text, list[i].order, &d) &&
			      d.year == list[i].year &&
			      d.month == list[i].month &&
			      d.day == list[i].day &&
			      fabs(d.second - list[i].second) < 1e-9,
		      "%s", list[i].text);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(!date_parse(none[i], ACCEL_DATE_MONTH_FIRST, &d),
		      "\"%s\" is none", none[i]);
	date_parse("2001-09-09T01:46:40Z", 0, &d);
	CHECK(date_seconds(&d) == 1e9, "seconds since 1970");
	date_parse("2001-09-09T03:46:40+02:00", 0, &d);
	CHECK(date_seconds(&d) == 1e9, "east of UTC");
}

/* ---- samples ---- */

static void test_instants(void)
{
	static const struct {
		const char *what, *text;
	} list[] = {
		{ "milliseconds", "t,v,y\n1764300000000,1,0\n1764300001000,5,1"
				  "\n1764300009000,2,0\n" },
		{ "nanoseconds, falling", "t,v,y\n1764300009000000000,1,0\n"
					  "1764300001000000000,5,1\n"
					  "1764300000000000000,2,0\n" },
		{ "days as numbers", "date,v,y\n20251230,1,0\n20251231,5,1\n"
				     "20260102,2,0\n" },
		{ "days and times as numbers",
		  "d,v,y\n20251230235900,1,0\n20251231000000,5,1\n"
		  "20251231000100,2,0\n" },
		{ "days of a sheet", "Timestamp,v,y\n45000.25,1,0\n"
				     "45000.5,5,1\n45001.75,2,0\n" },
		{ "seconds since the start", "time,v,y\n0,1,0\n0.5,5,1\n"
					     "1.5,2,0\n" },
	};
	accel_samples *s;
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		s = accel_samples_csv(file_text("t.csv", list[i].text),
				      .label = "y");
		CHECK(s && s->x.shape[1] == 1 && !strcmp(s->x_names[0], "v"),
		      "no input: %s", list[i].what);
		accel_samples_destroy(s);
	}
	s = accel_samples_csv(file_text("t.csv", "time,y\n0,1.5\n0.5,2.5\n"
						 "1.5,3.5\n"),
			      .label = "y");
	CHECK(s && s->x.shape[1] == 1, "but it is where nothing else is");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("t.csv", "d,v,y\n01/02/2025,1,0\n"
						 "02/02/2025,5,1\n"
						 "03/02/2025,2,0\n"),
			      .label = "y");
	CHECK(s && s->notes && strstr(s->notes, "undecided"),
	      "an order of day and month that nothing tells is told");
	accel_samples_destroy(s);
}

static void test_words(void)
{
	accel_samples *s = accel_samples_csv(
		file_text("w.csv", "a,y\n1,None\n2,left\n3,Null\n4,NA\n5,\n"),
		.label = "y");

	CHECK(s && s->count == 4 && s->n_classes == 4 &&
		      strstr(s->notes, "1 row left out: their label"),
	      "classes called None, Null and NA keep their rows; one without "
	      "is counted");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("w.csv", "a,y\n1,+\n2,-\n3,-\n4,?\n"),
			      .label = "y");
	CHECK(s && s->count == 3 && s->n_classes == 2,
	      "plus and minus are classes");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("w.csv",
					"a;b;y\n-200;1,5;1\n1,5;-200,0;"
					"2\n2,5;2,5;-200\n"),
			      .label = "y", .missing_words = "-200,off",
			      .task = ACCEL_CSV_REGRESS);
	CHECK(s && s->count == 2 && ((float *)s->x.data)[0] == 0 &&
		      ((float *)s->x.data)[3] == 0,
	      "values that mean none, however they are written");
	accel_samples_destroy(s);
}

static void test_lonely(void)
{
	char text[4000] = "a,y\n";
	accel_samples *s;
	size_t n = 4;
	int i;

	for (i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s,%d.5\n",
				      i % 20 ? "1.25" : "-200", i % 9);
	for (i = 0; i < 9; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "1.%d,1.5\n",
				      i);
	s = accel_samples_csv(file_text("l.csv", text), .label = "y");
	CHECK(s && s->notes &&
		      strstr(s->notes, "a: -200 stands alone, 5 times"),
	      "a lonely minimum is pointed out");
	accel_samples_destroy(s);
	snprintf(text + n, sizeof(text) - n, "9999,1.5\n9999,2.5\n");
	s = accel_samples_csv(file_text("l.csv", text), .label = "y");
	CHECK(s && s->notes &&
		      strstr(s->notes, "a: -200 stands alone, 5 times") &&
		      strstr(s->notes, "a: 9999 stands alone, 2 times"),
	      "so are a minimum and a maximum");
	accel_samples_destroy(s);
}

static void test_series(void)
{
	static const char two[] =
		"time,v,y\n1764300000,0,a\n1764300001,1,b\n1764300002,2,a\n"
		"1764300100,3,b\n1764300101,4,a\n1764300102,5,b\n";
	static const char blank[] = "v,y\n0,a\n1,b\n2,a\n\n3,b\n4,a\n5,b\n";
	static const char back[] =
		"time,v,y\n1764300102,2,a\n1764300101,1,b\n1764300100,0,a\n";
	static const char clock[] =
		"clock,v,y\n23:59:40,0,a\n23:59:50,1,b\n00:00:00,2,a\n"
		"00:10:00,3,b\n00:10:10,4,a\n00:10:20,5,b\n";
	static const char compact[] = "at,v,y\n20241231235800,0,a\n"
				      "20241231235900,1,b\n20250101000000,2,a"
				      "\n20250101000100,3,b\n";
	static const char twice[] = "time,v,y\n1764300000,0,a\n1764300000,1,b\n"
				    "1764300001,2,a\n1764300001,3,b\n";
	accel_samples *s;
	const char *path = file_text("s.csv", two);

	s = accel_samples_csv(path, .label = "y", .window = 2);
	CHECK(s && s->count == 4 && s->x.ndim == 3 && s->x.shape[1] == 2,
	      "no window runs over a gap");
	accel_samples_destroy(s);
	s = accel_samples_csv(path, .label = "y", .window = 2, .gap = 1000);
	CHECK(s && s->count == 5, "unless it is none");
	accel_samples_destroy(s);
	s = accel_samples_csv(path, .label = "y", .window = 2, .stride = 2);
	CHECK(s && s->count == 2, "windows begin a stride apart");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("b.csv", blank), .label = "y",
			      .window = 2);
	CHECK(s && s->count == 4, "a blank line ends a series");
	accel_samples_destroy(s);
	s = accel_samples_csv(path, .label = "y", .window = 2,
			      .more = (const char *[]){ path }, .n_more = 1);
	CHECK(s && s->count == 8, "so does a new file");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("r.csv", back), .label = "y",
			      .window = 3);
	CHECK(s && s->count == 1 &&
		      ((float *)s->x.data)[0] < ((float *)s->x.data)[2],
	      "newest first is turned round");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("e.csv", "v,w,y\n0,1,a\n1,1,b\n,,\n"
						 "3,1,b\n4,1,a\n"),
			      .label = "y", .window = 2);
	CHECK(s && s->count == 2 && strstr(s->notes, "2 series") &&
		      strstr(s->notes, "no column of times"),
	      "a row of empty fields is a blank line, and series are counted");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("m.csv", clock), .label = "y",
			      .window = 2);
	CHECK(s && s->count == 4 && strstr(s->notes, "2 series"),
	      "times of day go on over midnight, and have gaps");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("g.csv", compact), .label = "y",
			      .window = 2);
	CHECK(s && s->count == 3 && strstr(s->notes, "1 series"),
	      "no gap is between the years in digits of a date");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("b.csv", blank), .label = "y",
			      .window = 2, .gap = 60);
	CHECK(!s && strstr(last(), "--time"),
	      "a gap without a column of times is refused");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("d.csv", twice), .label = "y",
			      .window = 2);
	CHECK(s && strstr(s->notes, "of the same instant"),
	      "rows of several things are told");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("f.csv", "v,y\n0,1.5\n1,2.5\n2,3.5\n"
						 "3,4.5\n"),
			      .label = "y", .ahead = 2);
	CHECK(s && s->count == 2 && s->x.shape[1] == 2 && s->persistence &&
		      s->persistence[0] < ((float *)s->y.data)[0],
	      "a forecast has the label of later, and knows that of now");
	accel_samples_destroy(s);
}

static void test_rows(void)
{
	accel_samples *s = accel_samples_csv(
		file_text("t.csv", "a,b,y\n1,2,p\n2,3,q\n4,1,p\n"),
		.label = "y");
	accel_csv_options o = { .path = file_text("o.csv",
						  "a,b,y\n1,2,\nx,1,p\n,,p\n"
						  "4,5,new\n") };
	accel_preprocess *p = NULL;
	accel_samples *answers = NULL;
	accel_rows *rows = NULL;
	char *json;

	json = accel_preprocess_to_json(s->preprocess);
	p = accel_preprocess_from_json(json);
	free(json);
	accel_samples_destroy(s);
	if (accel_preprocess_rows(p, &o, &answers, &rows))
		printf("# %s\n", last());
	CHECK(rows && rows->count == 4 && answers && answers->count == 2,
	      "every row is told of, whatever its label");
	CHECK(rows && rows->sample[0] == 0 && rows->sample[3] == 1 &&
		      rows->sample[1] == -1 &&
		      strstr(rows->why[1], "o.csv:3:1: column \"a\": \"x\"") &&
		      strstr(rows->why[2], "no input has a value"),
	      "and why it cannot be answered");
	accel_samples_destroy(answers);
	accel_rows_destroy(rows);
	o.path = file_text("o.csv", "a,y\n1,p\n");
	CHECK(accel_preprocess_rows(p, &o, &answers, &rows) && !answers &&
		      !rows && strstr(last(), "\"b\""),
	      "an input that is not there is an error");
	accel_preprocess_destroy(p);
}

static void test_units(void)
{
	accel_samples *s = accel_samples_csv(
		file_text("u.csv", "a,y\n1 W,p\n20 W,q\n4 W,p\n"),
		.label = "y");
	accel_csv_options o = { .path = file_text(
					"v.csv", "a,y\n3 W,p\n2 kW,q\n5,q\n") };
	char *json = accel_preprocess_to_json(s->preprocess);
	accel_preprocess *p = accel_preprocess_from_json(json);
	accel_samples *answers = NULL;
	accel_rows *rows = NULL;

	if (accel_preprocess_rows(p, &o, &answers, &rows))
		printf("# %s\n", last());
	CHECK(rows && rows->count == 3 && rows->sample[0] == 0 &&
		      rows->sample[2] == 1 && strstr(rows->why[1], "2 kW"),
	      "what was learned in W is not answered in kW");
	free(json);
	accel_samples_destroy(s);
	accel_samples_destroy(answers);
	accel_rows_destroy(rows);
	accel_preprocess_destroy(p);
}

static void test_pivot(void)
{
	accel_samples *s = accel_samples_csv(
		file_text("p.csv", "entity,state,time\n"
				   "t,20,2025-01-01T00:00:00Z\n"
				   "door,on,2025-01-01T00:00:00Z\n"
				   "t,21,2025-01-01T00:01:00Z\n"
				   "door,off,2025-01-01T00:02:00Z\n"
				   "t,unavailable,2025-01-01T00:03:00Z\n"),
		.label = "door", .pivot = "entity,state,time");
	const float *x = s ? s->x.data : NULL;

	CHECK(s && s->count == 3 && s->x.shape[1] == 1 && s->n_classes == 2 &&
		      x[0] < x[1] && x[1] == x[2],
	      "entities become columns, states go on, unknown ones do not");
	accel_samples_destroy(s);
	CHECK(!accel_samples_csv(file_path("p.csv"), .pivot = "entity,time") &&
		      strstr(last(), "three columns"),
	      "another list is refused");
}

static void test_folders(void)
{
	accel_samples *s;

	mkdir(file_path("all"), 0777);
	mkdir(file_path("all/run"), 0777);
	mkdir(file_path("all/walk"), 0777);
	file_text("all/run/1.csv", "x,z\n1,2\n2,2\n");
	file_text("all/walk/1.csv", "z,x\n5,7\n");
	s = accel_samples_csv(file_path("all"), .label = "@folder");
	CHECK(s && s->count == 3 && s->n_classes == 2 &&
		      !strcmp(s->class_names[1], "walk") &&
		      ((int32_t *)s->y.data)[2] == 1 &&
		      ((float *)s->x.data)[4] > 0,
	      "a folder's tables, classes by its folders, columns by name");
	accel_samples_destroy(s);
	file_text("all/walk/2.csv", "z,w\n5,7\n");
	CHECK(!accel_samples_csv(file_path("all"), .label = "@folder") &&
		      strstr(last(), "2.csv: no column \"x\""),
	      "a file of other columns is refused by its name");
	unlink(file_path("all/run/1.csv"));
	unlink(file_path("all/walk/1.csv"));
	unlink(file_path("all/walk/2.csv"));
	rmdir(file_path("all/run"));
	rmdir(file_path("all/walk"));
	rmdir(file_path("all"));
}

static void test_gzip(void)
{
	static const char text[] = "a,y\n1,p\n2,q\n3,p\n";
	const char *path = file_path("z.csv.gz");
	accel_samples *s;
	gzFile out = gzopen(path, "wb");
	struct stat st;

	gzwrite(out, text, sizeof(text) - 1);
	gzclose(out);
	s = accel_samples_csv(path, .label = "y");
	CHECK(s && s->count == 3, "gzip");
	accel_samples_destroy(s);
	stat(path, &st);
	CHECK(!truncate(path, st.st_size - 9) &&
		      !accel_samples_csv(path, .label = "y") &&
		      strstr(last(), "gzip"),
	      "one that is cut off is refused");
}

static void test_holdout(void)
{
	char text[2000] = "a,y\n";
	size_t n = 4;
	accel_dataset *d;
	int64_t count[3] = { 0 }, i;

	for (i = 0; i < 90; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%d.5,%c\n",
				      (int)i % 7, "xyz"[i / 30]);
	file_text("h.csv", text);
	d = accel_dataset_csv(NULL, file_path("h.csv"), .label = "y",
			      .holdout = 1.0 / 3, .shuffle = true);
	for (i = 0; d && i < d->test->count; i++)
		count[((int32_t *)d->test->y.data)[i]]++;
	CHECK(count[0] == 10 && count[1] == 10 && count[2] == 10,
	      "a sorted file's holdout has the same share of each class");
	accel_dataset_destroy(d);
	d = accel_dataset_csv(NULL, file_path("h.csv"), .label = "y",
			      .holdout = 1.0 / 3);
	CHECK(d && strstr(d->train->notes, "class z: none of its rows"),
	      "the end of it is told to be a class never seen");
	accel_dataset_destroy(d);
}

static void test_no_memory(void)
{
	const char *path = file_text(
		"m.csv", "d;t;y\n01/02/2025;1,5 W;None\n02/02/2025;2,5 W;x\n"
			 "03/02/2025;3,5 W;x\n04/02/2025;0,5 W;None\n");
	accel_samples *s = NULL;
	int n;

	for (n = 1; n < 400 && !s; n++) {
		mem_fail_after((uint64_t)n);
		s = accel_samples_csv(path, .label = "y", .window = 2);
		mem_fail_after(0);
	}
	CHECK(s && n > 30, "it fails cleanly at each of %d allocations", n - 2);
	accel_samples_destroy(s);
}

int main(void)
{
	files_begin();
	test_spellings();
	test_refused();
	test_lines();
	test_dates();
	test_instants();
	test_words();
	test_lonely();
	test_series();
	test_rows();
	test_units();
	test_pivot();
	test_folders();
	test_gzip();
	test_holdout();
	test_no_memory();
	files_end();
	return tap_done();
}
