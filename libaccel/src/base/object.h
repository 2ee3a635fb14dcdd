/* SPDX-License-Identifier: MIT */
/* The objects of the model API, counted: what lives is known by its address. */
#ifndef ACCEL_BASE_OBJECT_H
#define ACCEL_BASE_OBJECT_H

#include <stdbool.h>

#include <accel/status.h>

/*
 * The one place where objects of the model API are counted. It is a table of
 * what lives, by address and kind, so a pointer that was destroyed is told from
 * one that was not without being read: whatever a program destroys, in any
 * order and however often, is an error or right.
 *
 * An object begins with one reference, its maker's handle. accel_X_destroy()
 * drops the handle, and so does a call that takes the object over; what else
 * needs it takes a reference. With the last one it ends.
 *
 * An address that was freed may be given to a new object: an old pointer to it
 * means the new one then, which is wrong, but no corruption.
 */
enum object_kind {
	OBJECT_CONTEXT,
	OBJECT_LAYER,
	OBJECT_NODE,
	OBJECT_MODEL,
	OBJECT_OPTIMIZER,
	OBJECT_SAMPLES,
	OBJECT_DATASET,
};

/* Begins to count p, with a handle; @end is called with it when the last
 * reference goes. ERR_NOMEM. */
accel_status object_add(void *p, enum object_kind kind, void (*end)(void *));

/* Does it live, and is it of this kind? NULL is not. Sets no error. */
bool object_live(const void *p, enum object_kind kind);
/* ERR_INVALID where it does not: "fit: the model was destroyed", or "fit: no
 * model: " and why for NULL. */
accel_status object_check(const void *p, enum object_kind kind,
			  const char *who);

/* Of one that lives. */
void object_ref(const void *p);
void object_put(const void *p);
/* Drops the handle of one that may not live, or have no handle any more. */
void object_drop_handle(const void *p, enum object_kind kind);
bool object_has_handle(const void *p, enum object_kind kind);

#endif /* ACCEL_BASE_OBJECT_H */
