/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's tracepoints. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM piaccel

#if !defined(PIACCEL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PIACCEL_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(piaccel_edge,
	    TP_PROTO(const char *chip, u32 offset, bool level, u64 time_ns,
		     u32 seq),
	    TP_ARGS(chip, offset, level, time_ns, seq),
	    TP_STRUCT__entry(__string(chip, chip)
			     __field(u64, time_ns)
			     __field(u32, offset)
			     __field(u32, seq)
			     __field(bool, level)),
	    TP_fast_assign(__assign_str(chip);
			   __entry->time_ns = time_ns;
			   __entry->offset = offset;
			   __entry->seq = seq;
			   __entry->level = level;),
	    TP_printk("%s:%u level=%d time=%llu seq=%u", __get_str(chip),
		      __entry->offset, __entry->level, __entry->time_ns,
		      __entry->seq)
);

TRACE_EVENT(piaccel_trip,
	    TP_PROTO(const char *chip, const char *consumer, u32 cause,
		     u64 seq, u64 trip_ns, u64 safe_ns),
	    TP_ARGS(chip, consumer, cause, seq, trip_ns, safe_ns),
	    TP_STRUCT__entry(__string(chip, chip)
			     __string(consumer, consumer)
			     __field(u64, seq)
			     __field(u64, trip_ns)
			     __field(u64, safe_ns)
			     __field(u32, cause)),
	    TP_fast_assign(__assign_str(chip);
			   __assign_str(consumer);
			   __entry->seq = seq;
			   __entry->trip_ns = trip_ns;
			   __entry->safe_ns = safe_ns;
			   __entry->cause = cause;),
	    TP_printk("%s %s cause=%u seq=%llu trip=%llu safe=%llu",
		      __get_str(chip), __get_str(consumer), __entry->cause,
		      __entry->seq, __entry->trip_ns, __entry->safe_ns)
);

TRACE_EVENT(piaccel_sample,
	    TP_PROTO(const void *stream, bool playback, u64 index, u64 bits,
		     u64 late_ns),
	    TP_ARGS(stream, playback, index, bits, late_ns),
	    TP_STRUCT__entry(__field(const void *, stream)
			     __field(u64, index)
			     __field(u64, bits)
			     __field(u64, late_ns)
			     __field(bool, playback)),
	    TP_fast_assign(__entry->stream = stream;
			   __entry->index = index;
			   __entry->bits = bits;
			   __entry->late_ns = late_ns;
			   __entry->playback = playback;),
	    TP_printk("%p %s index=%llu bits=%#llx late=%llu", __entry->stream,
		      __entry->playback ? "playback" : "capture",
		      __entry->index, __entry->bits, __entry->late_ns)
);

#endif /* PIACCEL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE piaccel_trace
#include <trace/define_trace.h>
