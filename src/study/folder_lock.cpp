#include "gyroseg/study/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gyroseg/data/image_io.h"

namespace gyroseg {

FolderLock::FolderLock(const std::filesystem::path& folder)
    : file_(::open((folder / ".lock").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_ < 0) {
    throw DataError((folder / ".lock").string() + ": cannot be made: " + std::strerror(errno));
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    ::close(file_);
    throw DataError(folder.string() + ": another program is at work here");
  }
}

FolderLock::~FolderLock() { ::close(file_); }

}  // namespace gyroseg
