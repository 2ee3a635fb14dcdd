// SPDX-License-Identifier: MIT
/* Training: epochs, validation, stopping early, checkpoints. */
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "../tensor/node.h"
#include "optimizer.h"
#include "progress.h"
#include "session.h"

#define BATCH 32 /* Keras's */
/* Metrics that cost nothing. */
#define CHEAP (ACCEL_ACCURACY | ACCEL_TOP_K | ACCEL_MEAN_ABSOLUTE_ERROR)

struct fit {
	accel_model *m;
	const accel_fit_options *o;
	const accel_samples *validation;
	int64_t train_count, val_begin, val_count;
	int begin; /* the epoch it goes on from */
	struct session s;
	struct feeder *feeder;
	struct measures measures;
	struct progress progress;
	accel_progress now;
	bool stop;
};

/* ---- Ctrl-C ---- */

static atomic_bool interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	atomic_store(&interrupted, true);
}

/* Takes SIGINT over where nobody else did. Returns whether it did. */
static bool catch_interrupt(struct sigaction *old)
{
	/* a second one ends the program, as ever */
	struct sigaction sa = { .sa_handler = on_interrupt,
				.sa_flags = (int)SA_RESETHAND };

	if (sigaction(SIGINT, NULL, old) || old->sa_handler != SIG_DFL)
		return false;
	atomic_store(&interrupted, false);
	return !sigaction(SIGINT, &sa, NULL);
}

/* ---- an epoch ---- */

static accel_status check_loss(const struct fit *f, double loss)
{
	if (isfinite(loss))
		return ACCEL_OK;
	if (isnan(loss))
		loss = NAN; /* whose sign says nothing */
	return accel_error(
		ACCEL_ERR_RANGE,
		"the loss is %g in epoch %d, batch %lld of %lld: a "
		"smaller learning rate (%g now) or clipping may help",
		loss, f->now.epoch + 1, (long long)f->now.batch + 1,
		(long long)f->now.batches,
		accel_optimizer_rate(f->m->o.optimizer));
}

/* An error with where it was. */
static accel_status named(const struct fit *f, const char *where,
			  accel_status err)
{
	char text[600];

	snprintf(text, sizeof(text), "%s", accel_last_error());
	return accel_error(err, "epoch %d, %s: %s", f->now.epoch + 1, where,
			   text);
}

static accel_status in_batch(const struct fit *f, accel_status err)
{
	char where[64];

	snprintf(where, sizeof(where), "batch %lld of %lld",
		 (long long)f->now.batch + 1, (long long)f->now.batches);
	return named(f, where, err);
}

static accel_status one_batch(struct fit *f, bool show)
{
	struct losses losses = { .total = NAN };
	struct feed feed;
	accel_status err;

	err = feeder_next(f->feeder, &feed);
	f->m->ctx->stop = &interrupted; /* its plan may take long to make */
	if (!err)
		err = session_step(&f->s, &feed, &losses);
	f->m->ctx->stop = NULL;
	if (err)
		return in_batch(f, err);
	err = check_loss(f, losses.total);
	if (err)
		return err;
	session_measure(&f->s, &feed, &losses, &f->measures);
	if (!show)
		return ACCEL_OK;
	measures_scores(&f->measures, CHEAP, &f->now.train);
	progress_batch(&f->progress, &f->now);
	if (f->o->on_batch && !f->o->on_batch(f->o->user, &f->now))
		f->stop = true;
	return ACCEL_OK;
}

static accel_status train_epoch(struct fit *f)
{
	bool show = f->progress.bar || f->o->on_batch;
	accel_status err = ACCEL_OK;

	measures_reset(&f->measures);
	f->now.batches = feeder_batches(f->feeder);
	f->now.done = NULL;
	feeder_start(f->feeder, !f->o->no_shuffle, f->o->seed,
		     (uint64_t)f->now.epoch);
	for (f->now.batch = 0; !err; f->now.batch++) {
		err = one_batch(f, show);
		if (f->stop || f->now.batch + 1 == f->now.batches)
			break;
		if (atomic_load(&interrupted)) {
			f->m->interrupted = f->stop = true;
			break;
		}
	}
	return err;
}

/* ---- after an epoch ---- */

static accel_status validate(struct fit *f, accel_scores *scores)
{
	struct measures measures;
	accel_status err;

	*scores = (accel_scores){ .loss = NAN };
	if (!f->validation)
		return ACCEL_OK;
	f->m->ctx->stop = &interrupted;
	err = model_evaluate(f->m, f->validation, f->val_begin, f->val_count,
			     true, false, NULL, &measures);
	f->m->ctx->stop = NULL;
	if (!err)
		measures_scores(&measures, ~0u, scores);
	measures_finish(&measures);
	return err ? named(f, "validation", err) : ACCEL_OK;
}

static double monitored(const accel_epoch *e)
{
	return isnan(e->validation.loss) ? e->train.loss : e->validation.loss;
}

static accel_status keep_best(accel_model *m)
{
	size_t n = (size_t)accel_model_parameters(m);

	if (!m->best_weights)
		m->best_weights = mem_alloc((n + 1) * sizeof(float));
	return m->best_weights ? model_weights_read(m, m->best_weights)
			       : ACCEL_ERR_NOMEM;
}

static accel_status add_epoch(accel_model *m, const accel_epoch *e)
{
	if (mem_grow(&m->epoch, &m->cap_epochs, m->n_epochs + 1,
		     sizeof(*m->epoch)))
		return ACCEL_ERR_NOMEM;
	m->epoch[m->n_epochs++] = *e;
	return ACCEL_OK;
}

/* The log's lines from epoch @first on; with its head where that is 0. */
static accel_status write_log(const struct fit *f, uint32_t first)
{
	const accel_model *m = f->m;

	return csv_log(f->o->csv, m, f->validation, first);
}

static accel_status end_epoch(struct fit *f)
{
	accel_model *m = f->m;
	accel_epoch e = { .rate = optimizer_last_rate(m->o.optimizer) };
	bool better;
	accel_status err;

	measures_scores(&f->measures, ~0u, &e.train);
	err = validate(f, &e.validation);
	if (!err)
		err = add_epoch(m, &e);
	if (err)
		return err;
	better = m->best < 0 || monitored(&e) < monitored(&m->epoch[m->best]);
	if (better) {
		m->best = (int)m->n_epochs - 1;
		err = keep_best(m);
	}
	f->now.train = e.train;
	f->now.done = &m->epoch[m->n_epochs - 1];
	progress_done(&f->progress, &f->now);
	if (!err && f->o->csv)
		err = write_log(f, m->n_epochs - 1);
	if (!err && better && f->o->best)
		err = accel_model_save(m, f->o->best);
	if (!err && f->o->checkpoint)
		err = accel_model_save(m, f->o->checkpoint);
	if (f->o->on_epoch && !f->o->on_epoch(f->o->user, &f->now))
		f->stop = true;
	return err;
}

static bool out_of_patience(const struct fit *f)
{
	const accel_model *m = f->m;
	int best = m->best >= 0 ? m->best : f->begin - 1;

	return f->o->patience > 0 &&
	       (int)m->n_epochs - 1 - best >= f->o->patience;
}

static accel_status epochs(struct fit *f)
{
	int n = f->o->epochs > 0 ? f->o->epochs : 1;
	accel_model *m = f->m;
	accel_status err = ACCEL_OK;
	bool early = out_of_patience(f);

	f->now.epochs = f->o->resume ? n : (int)m->n_epochs + n;
	for (f->now.epoch = (int)m->n_epochs;
	     f->now.epoch < f->now.epochs && !early; f->now.epoch++) {
		progress_epoch(&f->progress, f->now.epoch, f->now.epochs);
		err = train_epoch(f);
		if (err || f->stop)
			break;
		err = end_epoch(f);
		if (err)
			break;
		early = out_of_patience(f);
		m->interrupted = atomic_load(&interrupted);
		if (f->stop || m->interrupted)
			break;
	}
	/* in the midst of a compilation: the step was not begun */
	if (err && m->ctx->stopped) {
		f->stop = m->interrupted = true;
		err = ACCEL_OK;
	}
	if (f->progress.bar && (err || f->stop) && !f->now.done)
		fputc('\n', f->progress.out);
	if (!err && (early || m->interrupted) && m->best >= 0)
		err = model_weights_write(m, m->best_weights);
	return err;
}

/* ---- before the first ---- */

static accel_status split(struct fit *f)
{
	const accel_samples *data = f->o->data;

	f->train_count = data->count;
	f->validation = f->o->validation;
	f->val_count = f->validation ? f->validation->count : 0;
	if (f->validation || !(f->o->validation_split > 0))
		return ACCEL_OK;
	f->train_count =
		(int64_t)((double)data->count * (1 - f->o->validation_split));
	f->validation = data;
	f->val_begin = f->train_count;
	f->val_count = data->count - f->train_count;
	if (f->train_count > 0 && f->val_count > 0)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_RANGE,
			   "fit: a validation split of %g leaves %lld of %lld "
			   "samples to train",
			   f->o->validation_split, (long long)f->train_count,
			   (long long)data->count);
}

static accel_status prepare(struct fit *f)
{
	const accel_fit_options *o = f->o;
	const struct weighting_options w = { o->n_class_weights,
					     o->class_weight, o->balanced };
	struct weighting tried;
	accel_model *m = f->m;
	int batch = o->batch_size > 0 ? o->batch_size : BATCH;
	accel_status err;

	if (m->busy)
		return accel_error(ACCEL_ERR_BUSY,
				   "fit: the model is being trained");
	if (!m->compiled)
		return accel_error(ACCEL_ERR_INVALID,
				   "fit: the model is not compiled");
	if (o->epochs < 0 || o->batch_size < 0 || o->patience < 0)
		return accel_error(ACCEL_ERR_RANGE,
				   "fit: epochs %d, batch_size %d, patience %d",
				   o->epochs, o->batch_size, o->patience);
	if (o->resume && !o->checkpoint)
		return accel_error(ACCEL_ERR_INVALID,
				   "fit: resume needs a checkpoint");
	err = model_fits(m, o->data, true);
	if (!err)
		err = split(f);
	if (!err && o->validation)
		err = model_fits(m, o->validation, true);
	if (!err) /* before anything is changed */
		err = weighting_init(&tried, m, o->data, 0, f->train_count, &w);
	if (!err)
		weighting_finish(&tried);
	if (!err)
		err = model_take_data(m, o->data);
	if (err)
		return err;
	if (o->resume && !access(o->checkpoint, F_OK))
		err = accel_model_restore(m, o->checkpoint);
	else
		m->best = -1; /* what stood before is no measure of this run */
	f->begin = (int)m->n_epochs;
	if (!err && o->csv) /* as far as it is: a kill may have left more */
		err = write_log(f, 0);
	if (!err)
		err = session_init(&f->s, m, o->data, batch, true, true,
				   model_wants_output(m));
	if (!err)
		err = session_weigh(&f->s, 0, f->train_count, &w);
	if (!err)
		err = session_measures(&f->s, &f->measures, true, false);
	if (err)
		return err;
	f->feeder =
		feeder_create(o->data, 0, f->train_count, batch, true, &f->s.w);
	return f->feeder ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

static accel_status train(struct fit *f)
{
	accel_model *m = f->m;
	struct sigaction old;
	accel_status err = prepare(f);

	if (!err) {
		bool mine = catch_interrupt(&old);

		m->interrupted = false;
		m->busy = true;
		m->ctx->stopped = false;
		progress_init(&f->progress, m, f->o);
		err = epochs(f);
		m->ctx->stopped = false;
		m->busy = false;
		if (mine) {
			sigaction(SIGINT, &old, NULL);
			atomic_store(&interrupted, false);
		}
	}
	feeder_destroy(f->feeder);
	measures_finish(&f->measures);
	session_finish(&f->s);
	return err;
}

accel_status accel_fit_with(accel_model *m, const accel_fit_options *options)
{
	struct fit f = { .m = m, .o = options, .now.model = m };
	accel_status err = object_check(m, OBJECT_MODEL, "fit");

	if (!err && !options)
		err = accel_error(ACCEL_ERR_INVALID, "fit: no options");
	if (!err)
		err = object_check(options->data, OBJECT_SAMPLES, "fit");
	if (!err && options->validation)
		err = object_check(options->validation, OBJECT_SAMPLES,
				   "fit, validation");
	if (err)
		return err;
	/* a callback may destroy any of them */
	object_ref(m);
	object_ref(options->data);
	object_ref(options->validation);
	err = train(&f);
	object_put(options->validation);
	object_put(options->data);
	object_put(m);
	return err;
}
