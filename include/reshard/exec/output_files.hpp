#pragma once

#include <reshard/exec/open_file.hpp>
#include <reshard/tensor/file_image.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace reshard {
inline namespace v1 {

/// A file to be written: where it will be in the end, and what is known of it already.
struct output_file {
  std::string path;
  std::shared_ptr<file_image const> image;
};

/// The CRC-32 of parts of a file, one after another.
using crc_function =
    std::function<std::uint32_t(random_access_file const&, std::span<covered_part const>)>;

/// Makes the names in a folder outlive the machine.
///   throws: codec_error file_cannot_be_written
inline void sync_folder(std::filesystem::path const& folder) {
  int const fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // the names hold; only their durability is not hastened
  int const failure = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failure != 0 && failure != EINVAL && failure != EBADF)  // not every file system can
    detail::file_cannot_be_written(folder.string(), -1,
                                   std::string{"cannot be synced: "} + std::strerror(failure));
}

/// Files that appear under their names only when they are complete. Until then they are
/// <path>.<tag>.tmp, in the same folders.
class output_files {
 public:
  /// tag: tells jobs apart that write into one folder
  output_files(std::vector<output_file> files, std::string const& tag) : files_(std::move(files)) {
    for (output_file const& file : files_) temporaries_.push_back(file.path + "." + tag + ".tmp");
  }

  /// The temporary names, in the order of the files.
  [[nodiscard]] std::vector<std::string> const& temporaries() const noexcept {
    return temporaries_;
  }
  [[nodiscard]] std::vector<output_file> const& files() const noexcept { return files_; }

  /// All temporary files are there in their full size.
  [[nodiscard]] bool are_there() const {
    for (std::size_t i = 0; i < files_.size(); ++i)
      if (!is_whole(i, temporaries_[i])) return false;
    return true;
  }
  /// As above, or under their names already.
  [[nodiscard]] bool are_there_or_published() const {
    for (std::size_t i = 0; i < files_.size(); ++i)
      if (!is_whole(i, temporaries_[i]) && !is_whole(i, files_[i].path)) return false;
    return true;
  }
  /// Bytes of the disk that the temporary files have.
  [[nodiscard]] std::uint64_t allocated_bytes() const {
    std::uint64_t sum = 0;
    for (std::string const& path : temporaries_)
      if (struct stat facts{}; ::stat(path.c_str(), &facts) == 0)
        sum += static_cast<std::uint64_t>(facts.st_blocks) * 512;
    return sum;
  }

  /// Creates the folders and the temporary files in full size, with their literals.
  ///   throws: codec_error file_cannot_be_written
  void create() const {
    std::set<std::filesystem::path> folders;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      std::filesystem::path const folder = std::filesystem::path{files_[i].path}.parent_path();
      if (folders.insert(folder).second) create_folder(folder);
      create(files_[i], temporaries_[i]);
    }
  }
  /// Fills the computed fields of images.
  ///   crc_of: needed if an image has a CRC field
  void fill_fields(crc_function const& crc_of) const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!files_[i].image->crc) continue;
      crc_field const& field = *files_[i].image->crc;
      std::string const bytes =
          crc_text(field, crc_of(random_access_file{temporaries_[i]}, field.covered));
      open_file{temporaries_[i], O_WRONLY}.write(field.range.offset,
                                                 std::as_bytes(std::span{bytes}));
    }
  }
  /// Makes those fields outlive the machine.
  void sync_fields() const {
    for (std::size_t i = 0; i < files_.size(); ++i)
      if (files_[i].image->crc) open_file{temporaries_[i], O_WRONLY}.sync();
  }
  /// Sets permission bits.
  void set_mode(mode_t mode) const {
    for (std::string const& path : temporaries_)
      if (::chmod(path.c_str(), mode) != 0 && errno != ENOENT)
        detail::file_cannot_be_written(path, -1, std::strerror(errno));
  }
  /// Gives the files their names. A file whose temporary one is gone has its name already.
  ///   replace: also where another file has it
  void publish(bool replace = true) const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      int const reason = give_name(temporaries_[i], files_[i].path, replace);
      if (reason == 0) continue;
      if (reason != ENOENT || !std::filesystem::exists(files_[i].path))
        detail::file_cannot_be_written(files_[i].path, -1, std::strerror(reason));
    }
  }
  /// Makes what is in the folders outlive the machine.
  void sync_folders() const {
    std::set<std::filesystem::path> folders;
    for (output_file const& file : files_) {
      std::filesystem::path const folder = std::filesystem::path{file.path}.parent_path();
      if (folders.insert(folder).second) sync_folder(folder);
    }
    std::set<std::filesystem::path> parents;  // which name those folders
    for (std::filesystem::path const& folder : folders)
      if (!folder.empty() && parents.insert(folder.parent_path()).second)
        sync_folder(folder.parent_path());
  }
  /// Removes the temporary files.
  void remove_temporaries() const noexcept {
    for (std::string const& path : temporaries_) ::unlink(path.c_str());
  }

 private:
  /// A regular file as long as file i is to be.
  [[nodiscard]] bool is_whole(std::size_t i, std::string const& path) const {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
           static_cast<std::uint64_t>(facts.st_size) == files_[i].image->size;
  }
  /// 0, or why it cannot be.
  static int give_name(std::string const& from, std::string const& to, bool replace) {
    if (!replace) {
      if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return 0;
      if (errno != EINVAL && errno != ENOSYS) return errno;  // those: no such call here
    }
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  }

  static void create_folder(std::filesystem::path const& folder) {
    std::error_code failure;
    if (!folder.empty()) std::filesystem::create_directories(folder, failure);
    if (failure) detail::file_cannot_be_written(folder.string(), -1, failure.message());
  }

  static void create(output_file const& file, std::string const& temporary) {
    ::unlink(temporary.c_str());  // somebody's old one may be read-only
    open_file const out{temporary, O_WRONLY | O_CREAT | O_EXCL};
    if (::ftruncate(out.descriptor(), static_cast<off_t>(file.image->size)) != 0)
      detail::file_cannot_be_written(temporary, -1, std::strerror(errno));
    for (image_literal const& literal : file.image->literals)
      out.write(literal.offset, std::as_bytes(std::span{literal.bytes}));
  }

  std::vector<output_file> files_;
  std::vector<std::string> temporaries_;
};

}  // namespace v1
}  // namespace reshard
