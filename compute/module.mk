# SPDX-License-Identifier: MIT
# The Vulkan engine: shaders become SPIR-V, and SPIR-V one C object.

CPPFLAGS += -I.
LDLIBS   += -ldl

GLSLANG  ?= glslangValidator
GLSLFLAGS := -V --target-env vulkan1.1

SHADERS  := $(wildcard compute/shaders/*.comp)
SPV      := $(SHADERS:compute/shaders/%.comp=$(BUILD)/spv/%.spv)
.SECONDARY: $(SPV)
SPV_H    := $(SPV:.spv=.h)
LIB_GEN_O += $(BUILD)/obj/gen/spv.o

# The first rule of the front door is `all`, whatever is included before it.
.DEFAULT_GOAL := all

# The same options, the same file: a new glslang or flag rebuilds them all.
$(BUILD)/spv/.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(GLSLANG) $(GLSLFLAGS)' | cmp -s - $@ || \
		printf '%s\n' '$(GLSLANG) $(GLSLFLAGS)' >$@

# The types of elements, numbered as accel/dtype.h numbers them, and the codes of
# element-wise operations and activations, as kernels.h does, with a case for
# each: a code without its line in the shaders does not compile.
$(BUILD)/gen/codes.glsl: compute/kernels.h libaccel/include/accel/dtype.h
	$(Q)mkdir -p $(@D)
	$(Q)awk '/^#define COMPUTE_EW_MAP/ { map = "EW"; does = "APPLY"; i = 0 } \
		/^#define COMPUTE_ACT_MAP/ { map = "ACT"; does = "return ACTIVATE"; i = 0 } \
		/^#define ACCEL_DTYPE_MAP/ { map = "DTYPE"; i = 0 } \
		/^$$/ { map = "" } \
		map && match($$0, /[\t ]X\([A-Z0-9_]+[,)]/) { \
			name = substr($$0, RSTART + 3, RLENGTH - 4); \
			if (map == "DTYPE") { \
				printf "#define %s %du\n", name, i++; \
				next; \
			} \
			printf "#define %s_%s %du\n", map, name, i; \
			cases[map] = cases[map] " \\\n\tcase " i++ "u: " does "_" name ";" } \
		END { for (m in cases) print "#define " m "_CASES" cases[m] }' $^ >$@.new
	$(Q)cmp -s $@.new $@ || cp $@.new $@

$(BUILD)/spv/%.spv: compute/shaders/%.comp $(BUILD)/spv/.flags \
                    $(BUILD)/gen/codes.glsl
	$(call say,GLSL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(GLSLANG) $(GLSLFLAGS) -I$(BUILD)/gen --quiet \
		--depfile $(BUILD)/spv/$*.d -o $@ $< || \
		{ rm -f $@; exit 1; }

$(BUILD)/spv/%.h: $(BUILD)/spv/%.spv
	$(Q)od -An -v -tx4 -w32 $< | sed 's/ \([0-9a-f]\{8\}\)/0x\1,/g' >$@

# One file over all: the table's order is that of compute/shaders.h.
$(BUILD)/gen/spv.c: $(SPV_H) compute/module.mk
	$(Q)mkdir -p $(@D)
	$(Q){ echo '#include "compute/shaders.h"'; \
	for s in $(notdir $(SPV_H:.h=)); do \
		echo "static const uint32_t spv_$$s[] = {"; \
		echo "#include \"$$s.h\""; echo "};"; \
	done; \
	echo 'const struct compute_shader compute_shader_table[] = {'; \
	echo '#define X(n, s, t) [COMPUTE_SHADER_##n] = { #n, s, t, spv_##n, sizeof(spv_##n) },'; \
	echo '#define Y(n, s, t) [COMPUTE_SHADER_##n] = { #n, s, t, 0, 0 },'; \
	echo 'COMPUTE_SHADER_MAP(X) COMPUTE_SHADER_WRITTEN_MAP(Y)'; echo '};'; } >$@

$(BUILD)/obj/gen/spv.o: $(BUILD)/gen/spv.c compute/shaders.h $(SPV_H) $(BUILD)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -I$(BUILD)/spv -c -o $@ $<

-include $(SPV:.spv=.d)
