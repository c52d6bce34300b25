#include "gyroseg/study/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

#include "gyroseg/data/image_io.h"
#include "gyroseg/training/interrupt.h"

namespace gyroseg {
namespace {

constexpr auto kChildPoll = std::chrono::milliseconds(100);
constexpr int kCannotRun = 127;

// What happens between fork and exec: calls that are safe there, and no memory.
[[noreturn]] void become(char* const* arguments, int log, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) {
    ::_exit(kCannotRun);  // it died before it could be watched
  }
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close(log);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  ::execv(arguments[0], arguments);
  const char message[] = "the program cannot be run\n";
  (void)!::write(STDERR_FILENO, message, sizeof message - 1);
  ::_exit(kCannotRun);
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                      const std::function<void()>& tick) {
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) {
    throw DataError(log.string() + ": cannot be written: " + std::strerror(errno));
  }
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    become(pointers.data(), file, parent);
  }
  ::close(file);
  if (child < 0) {
    throw DataError(arguments.front() + ": no process can be made: " + std::strerror(errno));
  }
  ChildResult result;
  int status = 0;
  pid_t ended = 0;
  while ((ended = ::waitpid(child, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
    if (InterruptGuard::requested() && !result.interrupted) {
      ::kill(child, SIGINT);
      result.interrupted = true;
    }
    if (tick) {
      tick();
    }
    std::this_thread::sleep_for(kChildPoll);
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string last_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string last;
  for (std::string line; std::getline(in, line);) {
    last = line.find_first_not_of(" \r") == std::string::npos ? last : line;
  }
  return last.substr(last.rfind('\r') == std::string::npos ? 0 : last.rfind('\r') + 1);
}

}  // namespace gyroseg
