package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// denied are the system calls that answer "operation not permitted": they reach the
// network, start programs, look into other processes, change the file system, or are
// large and new surfaces of the kernel.
var denied = []string{
	"socket", "connect", "bind", "listen", "sendto", "sendmsg", "sendmmsg",
	"execve", "execveat",
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd",
	"kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal",
	"io_uring_setup", "bpf", "userfaultfd", "perf_event_open", "keyctl", "add_key", "request_key",
	"unshare", "setns", "mount",
	"truncate", "ftruncate", "unlinkat", "renameat", "renameat2", "linkat", "symlinkat", "mkdirat", "mknodat",
	"fchmod", "fchmodat", "fchown", "fchownat", "utimensat",
	"setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
	"shmget", "memfd_create", "open_by_handle_at",
}

// deniedOld are those that arm64 has never had.
var deniedOld = []string{
	"fork", "vfork", "creat", "unlink", "rename", "link", "symlink", "mkdir", "rmdir", "mknod",
	"chmod", "chown", "lchown", "utime", "utimes", "futimesat",
}

const (
	writing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC
	noCall  = seccomp.ActionErrno | seccomp.Action(unix.ENOSYS) // the C library then takes the older call
)

// policy lets the job have threads, memory and files that it reads.
func policy() seccomp.Policy {
	names, own := denied, uint64(os.Getpid())
	conditions := []seccomp.NameWithConditions{
		{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.BitsNotSet, Value: unix.CLONE_THREAD}}},
		{Name: "openat", Conditions: seccomp.ArgumentConditions{{Argument: 2, Operation: seccomp.BitsSet, Value: writing}}},
		{Name: "tgkill", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.NotEqual, Value: own}}},
		{Name: "prlimit64", Conditions: seccomp.ArgumentConditions{
			{Argument: 0, Operation: seccomp.NotEqual, Value: 0}, {Argument: 0, Operation: seccomp.NotEqual, Value: own},
		}},
		// Shared memory that is written does not count in RLIMIT_DATA.
		{Name: "mmap", Conditions: seccomp.ArgumentConditions{
			{Argument: 2, Operation: seccomp.BitsSet, Value: unix.PROT_WRITE}, {Argument: 3, Operation: seccomp.BitsSet, Value: unix.MAP_SHARED},
		}},
	}
	if runtime.GOARCH == "amd64" {
		names = slices.Concat(denied, deniedOld)
		conditions = append(conditions, seccomp.NameWithConditions{
			Name: "open", Conditions: seccomp.ArgumentConditions{{Argument: 1, Operation: seccomp.BitsSet, Value: writing}},
		})
	}
	return seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Names: []string{"clone3", "openat2"}, Action: noCall}, // their flags are out of a filter's sight
			{Names: names, NamesWithCondtions: conditions, Action: seccomp.ActionErrno},
		},
	}
}

// filter confines every thread of this process. A policy of go-seccomp-bpf allows
// what comes by another architecture's calls, as "int 0x80" does on x86-64: that ends
// the process here.
func filter() error {
	allowed := policy()
	rules, err := allowed.Assemble()
	if err != nil {
		return err
	}
	native, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	raw, err := bpf.Assemble(append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 4, Size: 4}, // struct seccomp_data: arch
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(native.ID), SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
	}, rules...))
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	runtime.LockOSThread() // the next two calls are about one thread; the second tells the others
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl no_new_privs: %w", err)
	}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if e != 0 {
		return fmt.Errorf("seccomp: %w", e)
	}
	return nil
}
