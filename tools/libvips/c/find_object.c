// What glibc 2.35 and newer offer to GCC's unwinder, made from what glibc has had
// for long, so that the unwinder of a newer GCC runs on an older glibc too. The
// fields are those that the unwinder reads.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>

typedef struct {
	ElfW(Addr) pc;
	struct dl_find_object *found;
} Query;

// Stops at the object that has pc in it: 1, or 2 if it has unwinding tables.
static int
look(struct dl_phdr_info *info, size_t size, void *data)
{
	Query *query = data;
	const ElfW(Phdr) *table = NULL;
	int inside = 0;

	(void) size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && query->pc - info->dlpi_addr - p->p_vaddr < p->p_memsz)
			inside = 1;
		else if (p->p_type == PT_GNU_EH_FRAME)
			table = p;
	}
	if (!inside || table == NULL)
		return inside;
	query->found->dlfo_eh_frame = (void *) (info->dlpi_addr + table->p_vaddr);
	return 2;
}

// 0 and the tables of the object that has pc in it, or -1.
__attribute__((visibility("hidden"))) int
_dl_find_object(void *pc, struct dl_find_object *found)
{
	Query query = { (ElfW(Addr)) pc, found };

	return dl_iterate_phdr(look, &query) == 2 ? 0 : -1;
}
