# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call program,cella,$(wildcard cmd/*.c),ctl machine fw boot dev backend engine/dbt core isa os base,-lz -lfdt -lslirp -ljansson -lcapstone -lm))
$(B)/obj/cmd/run.o: guests/hello/hello.inc
