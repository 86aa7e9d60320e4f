#include "process/syscall_filter.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <span>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

namespace chatgate::process {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif
// Calls of the x32 interface carry this bit on x86-64; there are none elsewhere.
constexpr std::uint32_t kX32 = 0x40000000;

// What any process needs: memory, time, waiting, its end, descriptors that it has.
constexpr long kCommon[] = {
    SYS_read,
    SYS_write,
    SYS_close,
    SYS_fcntl,
    SYS_ioctl,
    SYS_ppoll,
    SYS_futex,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getrandom,
    SYS_sendto,
    SYS_sendmsg,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_setsockopt,
    SYS_getsockopt,
    SYS_getsockname,
    SYS_bind,
    SYS_openat,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
    SYS_exit,
    SYS_exit_group,
    SYS_newfstatat,
    SYS_fstat,
    SYS_lseek,
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_open
    SYS_open,
#endif
};

constexpr long kOfSupervisor[] = {SYS_kill, SYS_pidfd_send_signal};

constexpr long kOfGateway[] = {
    // Files: policies, rules, lists, caches, events, the control socket.
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_statx,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_fsync,
    SYS_fdatasync,
    SYS_flock,
    SYS_statfs,
    SYS_fstatfs,
    SYS_umask,
    SYS_utimensat,
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_memfd_create,
    SYS_sendfile,
    SYS_copy_file_range,
    // Sockets: the control socket and its clients, sinks, questions about interfaces.
    SYS_accept,
    SYS_accept4,
    SYS_listen,
    SYS_connect,
    SYS_getpeername,
    SYS_shutdown,
    SYS_socketpair,
    SYS_recvmmsg,
    SYS_sendmmsg,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_eventfd2,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    SYS_pselect6,
    // Threads, memory, the machine. `clone` is looked at more closely.
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_rseq,
    SYS_set_tid_address,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_setaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_getcpu,
    SYS_membarrier,
    SYS_mlock,
    SYS_munlock,
    SYS_get_mempolicy,
    SYS_mbind,
    SYS_clock_getres,
    SYS_getgroups,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_uname,
    SYS_prlimit64,
    SYS_prctl,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_tgkill,
    SYS_wait4,
    SYS_waitid,
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef SYS_epoll_wait  // x86-64 keeps the calls of before those with a folder or flags
    SYS_epoll_wait,
    SYS_epoll_create,
    SYS_eventfd,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_mkdir,
    SYS_rmdir,
    SYS_unlink,
    SYS_rename,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_dup2,
    SYS_select,
    SYS_getrlimit,
    SYS_arch_prctl,
    SYS_time,
    SYS_pipe,
    SYS_utimes,
#endif
};

// Kinds of sockets that may be opened; packet sockets and AF_XDP are not among them.
constexpr int kFamilies[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

class Program {
 public:
  void add(std::uint16_t code, std::uint32_t value, std::uint8_t yes = 0, std::uint8_t no = 0) {
    code_.push_back({code, yes, no, value});
  }
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  }
  void answer(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
  // Where what was loaded equals `value` (or does not, or holds one of its bits): `action`.
  void answer_equal(std::uint32_t value, std::uint32_t action) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(action);
  }
  void answer_unequal(std::uint32_t value, std::uint32_t action) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    answer(action);
  }
  void answer_bits(std::uint32_t bits, std::uint32_t action) {
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    answer(action);
  }
  void allow(std::span<const long> calls) {
    for (const long call : calls) {
      answer_equal(static_cast<std::uint32_t>(call), SECCOMP_RET_ALLOW);
    }
  }
  sock_fprog get() { return {static_cast<unsigned short>(code_.size()), code_.data()}; }

 private:
  std::vector<sock_filter> code_;
};

// The low half of a call's first argument; both architectures are little-endian.
constexpr std::size_t kFirstArgument = offsetof(seccomp_data, args);

Program program_for(FilterFor whom, bool with_bpf) {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.answer_unequal(kArchitecture, SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  program.answer_bits(kX32, SECCOMP_RET_KILL_PROCESS);
  program.allow(kCommon);
  if (whom == FilterFor::gateway) {
    program.allow(kOfGateway);
    // Its flags lie in memory, where a filter cannot see them; the C library then takes `clone`.
    program.answer_equal(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    program.add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    program.load(kFirstArgument);
    program.answer_bits(CLONE_THREAD, SECCOMP_RET_ALLOW);
    program.answer(SECCOMP_RET_TRAP);
  } else {
    program.allow(kOfSupervisor);
  }
  if (with_bpf) program.answer_equal(SYS_bpf, SECCOMP_RET_ALLOW);
  program.answer_unequal(SYS_socket, SECCOMP_RET_TRAP);
  program.load(kFirstArgument);
  for (const int family : kFamilies) {
    program.answer_equal(static_cast<std::uint32_t>(family), SECCOMP_RET_ALLOW);
  }
  program.answer(SECCOMP_RET_TRAP);
  return program;
}

constexpr unsigned kMostCalls = 1024;
std::array<std::atomic<bool>, kMostCalls> told;

// Runs in the place of a call that is not on the list.
void refuse(int, siginfo_t* info, void* context) {
  const int saved = errno;
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  machine.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  machine.regs[0] = static_cast<unsigned long long>(-EPERM);
#else
  (void)machine;
#endif
  const auto call = static_cast<unsigned>(info->si_syscall);
  if (call < kMostCalls && !told[call].exchange(true)) {
    constexpr std::string_view kBegin = "chatgate: refused to itself the system call ";
    std::array<char, 80> line{};
    kBegin.copy(line.data(), kBegin.size());
    std::size_t at = kBegin.size();
    for (unsigned unit = 1000; unit != 0; unit /= 10) {
      if (call >= unit || unit == 1) line[at++] = static_cast<char>('0' + call / unit % 10);
    }
    line[at++] = '\n';
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), at);
  }
  errno = saved;
}

}  // namespace

std::string install_syscall_filter(FilterFor whom, bool with_bpf) {
  if (kArchitecture == 0) return "there is no list of system calls for this processor";
  struct sigaction action {};
  action.sa_sigaction = refuse;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return std::strerror(errno);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::strerror(errno);
  Program program = program_for(whom, with_bpf);
  sock_fprog code = program.get();
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &code) != 0) {
    return std::strerror(errno);
  }
  return {};
}

}  // namespace chatgate::process
