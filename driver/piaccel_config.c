// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: configuration of lines: direction, bias, drive, active-low.
 */
#include <linux/ktime.h>
#include <linux/pinctrl/pinconf-generic.h>

#include "piaccel.h"

/**
 * piaccel_config_check() - is a configuration sound in itself
 * @cfg: the configuration
 * @all: the request's lines
 */
int piaccel_config_check(const struct piaccel_line_config *cfg, u64 all)
{
	u64 out = cfg->output_mask, in = all & ~out, any;

	any = out | cfg->values | cfg->active_low_mask | cfg->pull_up_mask |
	      cfg->pull_down_mask | cfg->pull_none_mask |
	      cfg->open_drain_mask | cfg->open_source_mask |
	      cfg->rising_mask | cfg->falling_mask | cfg->debounce_mask;
	if (any & ~all || cfg->pad)
		return -EINVAL;
	if (cfg->reserved[0] | cfg->reserved[1] | cfg->reserved[2])
		return -EINVAL;
	if ((cfg->values | cfg->open_drain_mask | cfg->open_source_mask) & ~out)
		return -EINVAL;
	if (cfg->open_drain_mask & cfg->open_source_mask)
		return -EINVAL;
	if (cfg->pull_up_mask & cfg->pull_down_mask ||
	    (cfg->pull_up_mask | cfg->pull_down_mask) & cfg->pull_none_mask)
		return -EINVAL;
	if ((cfg->rising_mask | cfg->falling_mask | cfg->debounce_mask) & ~in)
		return -EINVAL;
	if (!cfg->debounce_mask != !cfg->debounce_us)
		return -EINVAL;
	if (cfg->debounce_us > PIACCEL_DEBOUNCE_MAX_US)
		return -ERANGE;
	return 0;
}

static int piaccel_bias_of(const struct piaccel_line_config *cfg, u64 bit)
{
	if (cfg->pull_up_mask & bit)
		return PIN_CONFIG_BIAS_PULL_UP;
	if (cfg->pull_down_mask & bit)
		return PIN_CONFIG_BIAS_PULL_DOWN;
	if (cfg->pull_none_mask & bit)
		return PIN_CONFIG_BIAS_DISABLE;
	return -1;
}

/**
 * piaccel_config_bias() - set the bias of a line
 * @req: the request
 * @i: the line
 * @old: what it had, or NULL
 * @cfg: what it gets; nothing asked for leaves it as it is
 */
int piaccel_config_bias(struct piaccel_request *req, unsigned int i,
			const struct piaccel_line_config *old,
			const struct piaccel_line_config *cfg)
{
	int bias = piaccel_bias_of(cfg, BIT_ULL(i)), ret;

	if (bias < 0 || (old && bias == piaccel_bias_of(old, BIT_ULL(i))))
		return 0;
	ret = gpiod_set_config(req->desc[i],
			       pinconf_to_config_packed(bias, bias !=
							PIN_CONFIG_BIAS_DISABLE));
	return ret == -ENOTSUPP ? -EOPNOTSUPP : ret;
}

/* Would lines of the fail-safe lose what it stands on? */
static bool piaccel_config_unsafe(struct piaccel_request *req,
				  const struct piaccel_line_config *cfg)
{
	u64 guarded = req->safe_mask | req->interlock_mask, pulls;

	pulls = (cfg->pull_up_mask ^ req->cfg.pull_up_mask) |
		(cfg->pull_down_mask ^ req->cfg.pull_down_mask) |
		(cfg->pull_none_mask ^ req->cfg.pull_none_mask);
	/* What is kept after close needs a safe value for every output. */
	if (req->hold && cfg->output_mask & ~req->safe_mask)
		return true;
	return (cfg->output_mask ^ req->cfg.output_mask) & guarded ||
	       (cfg->active_low_mask ^ req->cfg.active_low_mask) & guarded ||
	       (cfg->debounce_mask | pulls) & req->interlock_mask;
}

/* gpiolib takes the drive mode when a line is requested, and only then. */
static bool piaccel_config_redrive(struct piaccel_request *req,
				   const struct piaccel_line_config *cfg)
{
	return ((cfg->open_drain_mask ^ req->drain) |
		(cfg->open_source_mask ^ req->source)) & cfg->output_mask;
}

static int piaccel_apply_line(struct piaccel_request *req, unsigned int i,
			      const struct piaccel_line_config *old,
			      const struct piaccel_line_config *cfg)
{
	struct gpio_desc *desc = req->desc[i];
	u64 bit = BIT_ULL(i);
	int ret;

	if ((old->active_low_mask ^ cfg->active_low_mask) & bit)
		gpiod_toggle_active_low(desc);
	ret = piaccel_config_bias(req, i, old, cfg);
	if (ret || !(old->output_mask & ~cfg->output_mask & bit))
		return ret;
	return gpiod_direction_input(desc);
}

/* All of the new outputs or none; on the way back, each that can be. */
static int piaccel_apply_outputs(struct piaccel_request *req, u64 new,
				 u64 values, bool back)
{
	if (!back)
		return piaccel_make_outputs(req, new, values);
	for (; new; new &= new - 1)
		piaccel_make_outputs(req, new & -new, values);
	return 0;
}

static int piaccel_apply(struct piaccel_request *req,
			 const struct piaccel_line_config *old,
			 const struct piaccel_line_config *cfg, bool back)
{
	u64 changed, new = cfg->output_mask & ~old->output_mask;
	int ret = 0, err;
	unsigned int i;

	/* What concerns a line's interrupt; debounce_us concerns many. */
	changed = (old->output_mask ^ cfg->output_mask) |
		  (old->active_low_mask ^ cfg->active_low_mask) |
		  (old->rising_mask ^ cfg->rising_mask) |
		  (old->falling_mask ^ cfg->falling_mask) |
		  (old->debounce_mask ^ cfg->debounce_mask);
	if (old->debounce_us != cfg->debounce_us)
		changed |= old->debounce_mask | cfg->debounce_mask;
	for (i = 0; i < req->num; i++)
		if (changed & BIT_ULL(i))
			piaccel_event_stop(&req->lines[i]);

	for (i = 0; i < req->num; i++) {
		err = piaccel_apply_line(req, i, old, cfg);
		if (err && !ret)
			ret = err;
	}
	req->cfg = *cfg;
	for (i = 0; i < req->num; i++) {
		err = piaccel_event_setup(&req->lines[i]);
		if (err && !ret)
			ret = err;
	}
	/* The last that can fail: nothing is driven for a call in vain. */
	if (back || !ret)
		ret = piaccel_apply_outputs(req, new, cfg->values, back);
	return ret;
}

static void piaccel_new_values(struct piaccel_request *req,
			       const struct piaccel_line_config *old)
{
	u64 new = req->cfg.output_mask & ~old->output_mask;

	raw_spin_lock_irq(&req->lock);
	req->values = (req->values & old->output_mask & req->cfg.output_mask) |
		      (req->cfg.values & new);
	raw_spin_unlock_irq(&req->lock);
}

static int piaccel_reconfig_locked(struct piaccel_request *req,
				   const struct piaccel_line_config *cfg)
{
	struct piaccel_line_config old = req->cfg;
	int ret;

	if (piaccel_config_unsafe(req, cfg))
		return -EPERM;
	if (piaccel_config_redrive(req, cfg))
		return -EOPNOTSUPP;
	if (req->gone)
		return -ENODEV;
	if (READ_ONCE(req->tripped) ||
	    (piaccel_ending() && cfg->output_mask & ~req->cfg.output_mask))
		return -ESHUTDOWN;
	if (piaccel_stream_running(req, PIACCEL_CAPTURE_SLOT) ||
	    piaccel_stream_running(req, PIACCEL_PLAYBACK_SLOT))
		return -EBUSY;

	/* Going back, lines that were outputs return to their last values. */
	old.values = req->values & old.output_mask;
	ret = piaccel_apply(req, &old, cfg, false);
	if (ret) {
		piaccel_apply(req, cfg, &old, true);
		return ret;
	}
	piaccel_new_values(req, &old);
	return 0;
}

long piaccel_line_reconfig(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_line_config *cfg = arg;
	u64 blind = 0;
	unsigned int i;
	int ret;

	ret = piaccel_config_check(cfg, req->all);
	if (ret)
		return ret;
	mutex_lock(&req->config);
	ret = piaccel_reconfig_locked(req, cfg);
	/*
	 * An interlock may have opened while its interrupt was set up anew, or
	 * may have lost its interrupt on the way back from an error.
	 */
	for (i = 0; i < req->num; i++)
		if (!req->lines[i].irq)
			blind |= req->interlock_mask & BIT_ULL(i);
	if (!req->gone && (blind || piaccel_interlock_open(req)))
		piaccel_trip(req, PIACCEL_TRIP_INTERLOCK, ktime_get_ns());
	mutex_unlock(&req->config);
	if (!ret)
		piaccel_changed();
	return ret;
}
