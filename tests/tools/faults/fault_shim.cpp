// A library for LD_PRELOAD that makes system calls of a tool fail as disks, networks and people do.
//
// FAULT_CALL   the call: preadv, pwritev, copy_file_range, fdatasync, fsync, rename, ftruncate,
//              write
// FAULT_AT     which one of them, counted from 1 over all threads; all from then on if FAULT_EVERY
// FAULT_PATH   counts only calls on files whose path contains this
// FAULT_WHAT   a number: that errno. "short": reads and writes take at most 1000 bytes. "kill":
//              SIGKILL. "truncate": the file is cut to half first. "touch": a byte of it is changed
//              first. "save": after the call the folder FAULT_FOLDER is copied to FAULT_SAVED, and
//              the next fdatasync of any file is SIGKILL
// FAULT_BOOT   what /proc/sys/kernel/random/boot_id reads as
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

char const* setting(char const* name) {
  char const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

template <class Function> Function* real(char const* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string path_of(int fd) {
  char path[PATH_MAX]{};
  std::string const link = "/proc/self/fd/" + std::to_string(fd);
  ssize_t const n = readlink(link.c_str(), path, sizeof path - 1);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string{};
}

/// This call is one that the environment asks for.
bool strikes(char const* call, std::string const& path) {
  static std::atomic<long> count{0};
  if (std::strcmp(call, setting("FAULT_CALL")) != 0) return false;
  if (path.find(setting("FAULT_PATH")) == std::string::npos) return false;
  long const number = ++count;
  long const wanted = std::atol(setting("FAULT_AT"));
  return *setting("FAULT_EVERY") != '\0' ? number >= wanted : number == wanted;
}

bool is(char const* what) {
  return std::strcmp(setting("FAULT_WHAT"), what) == 0;
}

void change(std::string const& path) {
  if (is("truncate")) {
    struct stat facts {};
    if (stat(path.c_str(), &facts) == 0)
      static_cast<void>(!truncate(path.c_str(), facts.st_size / 2));
  }
  if (is("touch")) {
    int const fd = open(path.c_str(), O_WRONLY);
    static_cast<void>(!::write(fd, "?", 1));
    close(fd);
  }
  if (is("kill")) raise(SIGKILL);
}

/// What a call that is struck returns before it is made; false if it is to be made.
bool fails(char const* call, std::string const& path) {
  if (!strikes(call, path)) return false;
  change(path);
  errno = std::atoi(setting("FAULT_WHAT"));
  return errno != 0;
}

/// Keeps what a disk would have if the machine stopped before the next sync, and stops there.
int sync_and_save(int fd, int (*sync)(int)) {
  static std::atomic<bool> saved{false};
  if (saved) raise(SIGKILL);
  int const result = sync(fd);
  if (!strikes("fdatasync", path_of(fd))) return result;
  std::string const command = std::string{"env -u LD_PRELOAD cp -a "} + setting("FAULT_FOLDER") +
                              " " + setting("FAULT_SAVED");
  if (std::system(command.c_str()) != 0) std::abort();
  saved = true;
  return result;
}

/// The first buffer, cut to a short length.
iovec shortened(iovec const* buffers) {
  constexpr std::size_t most = 1000;
  return {buffers->iov_base, buffers->iov_len < most ? buffers->iov_len : most};
}

template <class Call>
ssize_t vector_call(char const* name, int fd, iovec const* buffers, int count, off_t at) {
  if (is("short") && std::strcmp(name, setting("FAULT_CALL")) == 0 && count > 0) {
    iovec const one = shortened(buffers);
    return real<Call>(name)(fd, &one, 1, at);
  }
  if (fails(name, path_of(fd))) return -1;
  return real<Call>(name)(fd, buffers, count, at);
}
}  // namespace

extern "C" {

ssize_t preadv(int fd, iovec const* buffers, int count, off_t at) {
  return vector_call<decltype(preadv)>("preadv", fd, buffers, count, at);
}
ssize_t pwritev(int fd, iovec const* buffers, int count, off_t at) {
  return vector_call<decltype(pwritev)>("pwritev", fd, buffers, count, at);
}
ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t n,
                        unsigned flags) {
  if (is("short") && std::strcmp("copy_file_range", setting("FAULT_CALL")) == 0 && n > 1000)
    n = 1000;
  if (fails("copy_file_range", path_of(from))) return -1;
  return real<decltype(copy_file_range)>("copy_file_range")(from, from_at, to, to_at, n, flags);
}
ssize_t write(int fd, void const* bytes, size_t n) {
  if (fails("write", path_of(fd))) return -1;
  return real<decltype(write)>("write")(fd, bytes, n);
}
int fdatasync(int fd) {
  auto* const sync = real<decltype(fdatasync)>("fdatasync");
  if (is("save")) return sync_and_save(fd, sync);
  return fails("fdatasync", path_of(fd)) ? -1 : sync(fd);
}
int fsync(int fd) {
  if (fails("fsync", path_of(fd))) return -1;
  return real<decltype(fsync)>("fsync")(fd);
}
int rename(char const* from, char const* to) {
  if (fails("rename", to)) return -1;
  return real<decltype(rename)>("rename")(from, to);
}
int renameat2(int from_folder, char const* from, int to_folder, char const* to,
              unsigned flags) noexcept {
  if (fails("rename", to)) return -1;
  return real<int(int, char const*, int, char const*, unsigned)>("renameat2")(from_folder, from,
                                                                              to_folder, to, flags);
}
int ftruncate(int fd, off_t size) noexcept {
  if (fails("ftruncate", path_of(fd))) return -1;
  return real<int(int, off_t)>("ftruncate")(fd, size);
}

/// libstdc++ opens files with this.
FILE* fopen64(char const* path, char const* mode) {
  bool const boot =
      *setting("FAULT_BOOT") != '\0' && std::strstr(path, "random/boot_id") != nullptr;
  return real<decltype(fopen64)>("fopen64")(boot ? setting("FAULT_BOOT") : path, mode);
}
FILE* fopen(char const* path, char const* mode) {
  return fopen64(path, mode);
}
}
