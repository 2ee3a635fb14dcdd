/* SPDX-License-Identifier: MIT */
/*
 * A control: its sensors, models, outputs and rules, as the files of this
 * folder see it.
 */
#ifndef ACCEL_GPIO_RULES_H
#define ACCEL_GPIO_RULES_H

#include <accel/control.h>

/* ---- units ---- */

enum { DIM_S, DIM_M, DIM_KG, DIM_A, DIM_K, DIM_LX, DIMS };

/*
 * What a number is: value = scale * number + offset, in base units (s, m, kg,
 * A, K or °C, lx). A temperature in °C is a point on a scale, the difference of
 * two is not (K): points can be compared, subtracted and averaged only.
 */
struct unit {
	char name[24];
	double scale, offset;
	int8_t dim[DIMS];
	uint8_t custom; /* a unit of a sensor's own, from 1; else 0 */
	bool point;
	bool boolean; /* yes or no: no unit at all */
};

/* Units that only sensors know: "steps". */
#define CUSTOM_MAX 16
struct customs {
	int n;
	char name[CUSTOM_MAX][24];
};

/*
 * One spelling for characters that look alike (U+03BC and U+00B5, º and °, the
 * ohm sign and omega, ℉ and °F). The result is never longer than the text.
 */
void unit_spell(const char *text, char *out);
/* Is the text the name in other letter case, and nothing else? "KHZ" is kHz;
 * "MW" is not mW. */
bool unit_folds(const char *text, const char *name);

/* The known name that is nearest to an unknown one. */
struct unit_guess {
	const char *text; /* the unknown one, spelled */
	unsigned int distance;
	char name[24]; /* "": nothing is near */
};
void unit_guess(struct unit_guess *g, const char *name);

/* Reads "°C", "km/h", "g/m3", "" or a custom unit. False: unknown. */
bool unit_parse(const struct customs *customs, const char *text,
		struct unit *u);
/* The same; what is unknown becomes a custom unit. False: too many of them. */
bool unit_intern(struct customs *customs, const char *text, struct unit *u);
/* What may have been meant by an unknown text; "": nothing is near. Built from
 * the table's names, the custom ones and those of `known`. */
void unit_suggest(const struct customs *customs, const char *text,
		  const char *const *known, uint32_t n_known, char out[24]);
bool unit_same(const struct unit *a, const struct unit *b);
/* a times b^sign; false: of a point or a boolean there is no product. */
bool unit_multiply(const struct unit *a, const struct unit *b, int sign,
		   struct unit *u);
/* The unit of a difference: K for °C. */
struct unit unit_difference(const struct unit *u);
/* "°C", "no unit", "yes or no" */
const char *unit_text(const struct unit *u);

/* ---- expressions ---- */

enum expr_kind {
	EXPR_NUMBER, /* number, unit text */
	EXPR_VALUE, /* name */
	EXPR_NEGATE, /* arg[0] */
	EXPR_ADD,
	EXPR_SUB,
	EXPR_MUL,
	EXPR_DIV,
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE,
	EXPR_EQ,
	EXPR_NE,
	EXPR_AND,
	EXPR_OR,
	EXPR_NOT,
	EXPR_FOR, /* arg[0] has held for ns */
	EXPR_CLOCK, /* from <= time of the day < to, over midnight if to < from */
	EXPR_AT, /* `to` seconds from a time of the day, `from` */
	EXPR_DAYS,
	EXPR_EVERY, /* in the first `to` of every `from` seconds of the day */
	EXPR_CONSTANT, /* yes or no: number */
	EXPR_ABS,
	EXPR_MIN, /* of two; of one over a window of ns */
	EXPR_MAX,
	EXPR_MEAN, /* over ns */
	EXPR_RATE, /* change a second over ns */
	EXPR_DEW_POINT, /* of temperature and humidity */
};

struct sample {
	uint64_t ns;
	double value;
};

struct expr {
	enum expr_kind kind;
	accel_control_place place;
	struct expr *arg[2];
	char *name; /* of a value; of a number's unit */
	double number; /* and a hysteresis, of comparisons, in base units */
	struct expr *hysteresis;
	uint64_t ns;
	int from, to; /* seconds */
	int days; /* on which it begins: bits, 1 is Monday's */
	/* found out by the check */
	struct unit unit;
	double low, high; /* range; of yes or no: 0 to 1 */
	int value; /* its number */
	bool on_model; /* it can be worked out only when models have run */
	/* while running */
	bool on; /* comparison with hysteresis; FOR: arg[0] holds */
	uint64_t since_ns; /* FOR: since when */
	struct sample *window;
	uint32_t room, first, used; /* of the window, a ring */
};

/* ---- the control ---- */

enum value_kind { VALUE_INPUT, VALUE_DERIVED, VALUE_MODEL, VALUE_OUTPUT };

struct value {
	enum value_kind kind;
	char *name;
	const char *sensor, *quantity; /* inputs */
	int index; /* of its sensor, model or output */
	accel_control_place place;
	struct unit unit;
	double low, high; /* base units */
	struct expr *expr; /* derived */
	int mark; /* of the check: 1 being worked on, 2 done */
	bool used; /* by an expression */
	bool on_model;
	double set; /* what was measured, and when */
	uint64_t time_ns, max_age_ns;
	double now; /* at this update, NAN: unknown */
};

struct model {
	accel_control_model pub;
	const char **columns;
	struct expr **inputs; /* [pub.n_inputs] */
	double *x;
	int value;
};

struct output {
	accel_control_output pub;
	accel_control_state state;
	bool tripped;
	uint64_t trip_ns;
	uint64_t told; /* changes that a replay has printed */
	int value;
};

struct action {
	char *name;
	accel_control_place place;
	int output;
	bool on;
	uint64_t for_ns; /* it goes on for that long after the rule */
	uint64_t last_ns; /* when the rule held last; UINT64_MAX: never */
};

struct rule {
	accel_control_rule pub;
	struct expr *when, *until; /* until: may be NULL */
	bool latched;
	uint32_t n_actions, room_actions;
	struct action *actions;
};

struct accel_control {
	struct block *blocks; /* all texts and expressions */
	accel_control_settings pub;
	uint64_t deadline_ns; /* of outputs that have none; 0: not said */
	uint32_t n_sensors, n_models, n_outputs, n_rules, n_values, n_order;
	uint32_t room_sensors, room_models, room_outputs, room_rules,
		room_values;
	accel_control_sensor *sensors;
	struct model *models;
	struct output *outputs;
	struct rule *rules;
	struct value *values; /* inputs first, then the others */
	uint32_t
		*order; /* [n_order] derived values, each after what it needs */
	struct customs customs;
	int depth; /* of values that need values, of the check */
	char never[160]; /* why a comparison can never hold, of the check */
	bool compiled, started;
	bool waiting; /* a FOR was met that has not run out */
	uint64_t now_ns;
	int64_t wall_s; /* since 1970, of the following */
	int weekday, second; /* local: 0 is Monday; of the day */
	int64_t ahead; /* of UTC, in seconds */
	bool steady; /* so it is for some days before and after */
};

/* Memory that lives as long as the control, zeroed. NULL: the error is set. */
void *control_keep(struct accel_control *c, size_t size);
char *control_text(struct accel_control *c, const char *text, size_t len);
void control_release(struct accel_control *c);

/* An error at a place of the file: "control.yaml:3:7: ...". */
accel_status control_error(const struct accel_control *c,
			   accel_control_place place, const char *fmt, ...)
	ACCEL_PRINTF(3, 4);

/* control.yaml to structs, expressions parsed but not checked. */
accel_status control_read(struct accel_control *c, const char *text,
			  size_t size);
/* A new value at the end; NULL: no memory. */
struct value *control_value(struct accel_control *c, enum value_kind kind,
			    char *name, int index, accel_control_place place);

/* Text at a place of the file to an expression, to "fan on for 5 min, ...",
 * to nanoseconds. */
struct expr *parse_condition(struct accel_control *c, const char *text,
			     accel_control_place place);
accel_status parse_actions(struct accel_control *c, struct rule *rule,
			   const char *text, accel_control_place place);
accel_status parse_duration(const struct accel_control *c, const char *text,
			    accel_control_place place, uint64_t *ns);

/* Names, units and ranges of an expression and of all that it needs. */
accel_status check_expr(struct accel_control *c, struct expr *e);
/* The same, and it must be yes or no. */
accel_status check_condition(struct accel_control *c, struct expr *e);
/* A value that would have to be two things at once for `holds` to hold and `not`,
 * which may be NULL, not to; -1: none is known. */
int limits_exclude(const struct expr *holds, const struct expr * not );
/* Reads a unit; an unknown one is an error that names what is near it. */
accel_status check_unit(struct accel_control *c, accel_control_place place,
			const char *text, struct unit *u);
/* Works out a derived value's unit and range, once. */
accel_status check_value(struct accel_control *c, struct value *v);
/* The number of a value by its full or short name; -1: there is none, or, with
 * other[0] not -1, more than one, of which two are given. */
int check_find(const struct accel_control *c, const char *name, int other[2]);
/* The same, with an error. */
int check_name(const struct accel_control *c, const char *name,
	       accel_control_place place);

/* Now it is so many seconds since 1970. */
void clock_set(struct accel_control *c, int64_t wall_s);
/* CLOCK, AT, DAYS and EVERY: is it that time? */
bool clock_holds(const struct accel_control *c, const struct expr *e);

/* Base units; yes is 1, no 0; NAN: unknown. To be called once an update. */
double eval(struct accel_control *c, struct expr *e);

#endif /* ACCEL_GPIO_RULES_H */
