#pragma once

#include <filesystem>

namespace gyroseg {

/// Holds FOLDER/.lock while it lives, so that two programs do not work in one folder; the system lets it go
/// when the process ends, however it ends. Throws DataError where another holds it, or it cannot be made.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_;
};

}  // namespace gyroseg
