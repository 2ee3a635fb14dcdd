// SPDX-License-Identifier: MIT
/* Texts that a model's file keeps for whoever made it. */
#include <jansson.h>
#include <string.h>

#include "../base/error.h"
#include "model.h"

accel_status accel_model_set_note(accel_model *m, const char *key,
				  const char *text)
{
	accel_status err = object_check(m, OBJECT_MODEL, "note");

	if (err)
		return err;
	if (!key || !*key)
		return accel_error(ACCEL_ERR_INVALID, "note: no key");
	if (!m->notes)
		m->notes = json_object();
	if (!text) {
		json_object_del(m->notes, key);
		return ACCEL_OK;
	}
	return m->notes && !json_object_set_new(m->notes, key,
						json_string(text))
		       ? ACCEL_OK
		       : accel_error(ACCEL_ERR_INVALID,
				     "note \"%s\": no UTF-8, or no memory",
				     key);
}

const char *accel_model_note(const accel_model *m, const char *key)
{
	return model_live(m) && key
		       ? json_string_value(json_object_get(m->notes, key))
		       : NULL;
}
