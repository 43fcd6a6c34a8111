#pragma once

#include <reshard/exec/open_file.hpp>
#include <reshard/exec/open_files.hpp>
#include <reshard/tensor/file_image.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <functional>

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

/// Files that appear under their names only when they are complete. Until then they are
/// <path>.<tag>.tmp; what is not published is removed with this object.
class output_files {
 public:
  /// Creates the folders and the temporary files in full size, with their literals.
  ///   tag:    tells jobs apart that write into one folder
  ///   throws: codec_error file_cannot_be_written
  output_files(std::vector<output_file> files, std::string const& tag) : files_(std::move(files)) {
    try {
      for (output_file const& file : files_) create(file, file.path + "." + tag + ".tmp");
    } catch (...) {
      remove_temporaries();
      throw;
    }
  }
  output_files(output_files const&) = delete;
  output_files& operator=(output_files const&) = delete;
  ~output_files() { remove_temporaries(); }

  /// The temporary names, in the order of the files.
  [[nodiscard]] std::vector<std::string> const& temporaries() const noexcept {
    return temporaries_;
  }

  /// Fills the computed fields, sets the mode, renames every file to its name and syncs the
  /// folders.
  ///   mode:   permission bits; by umask if there are none
  ///   crc_of: needed if an image has a CRC field
  void publish(std::optional<mode_t> mode, crc_function const& crc_of) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (files_[i].image->crc) fill(temporaries_[i], *files_[i].image->crc, crc_of);
      if (mode && ::chmod(temporaries_[i].c_str(), *mode) != 0)
        detail::file_cannot_be_written(temporaries_[i], -1, std::strerror(errno));
    }
    while (published_ < files_.size()) {
      if (::rename(temporaries_[published_].c_str(), files_[published_].path.c_str()) != 0)
        detail::file_cannot_be_written(files_[published_].path, -1, std::strerror(errno));
      ++published_;
    }
    for (output_file const& file : files_)
      sync_folder(std::filesystem::path{file.path}.parent_path());
  }

 private:
  void create(output_file const& file, std::string temporary) {
    std::filesystem::path const folder = std::filesystem::path{file.path}.parent_path();
    std::error_code failure;
    if (!folder.empty()) std::filesystem::create_directories(folder, failure);
    if (failure) detail::file_cannot_be_written(folder.string(), -1, failure.message());
    temporaries_.push_back(temporary);
    open_file const out{temporary, O_WRONLY | O_CREAT | O_TRUNC};
    if (::ftruncate(out.descriptor(), static_cast<off_t>(file.image->size)) != 0)
      detail::file_cannot_be_written(temporary, -1, std::strerror(errno));
    for (image_literal const& literal : file.image->literals)
      out.write(literal.offset, std::as_bytes(std::span{literal.bytes}));
  }

  static void fill(std::string const& path, crc_field const& field, crc_function const& crc_of) {
    std::string const bytes = crc_text(field, crc_of(random_access_file{path}, field.covered));
    open_file{path, O_WRONLY}.write(field.range.offset, std::as_bytes(std::span{bytes}));
  }

  static void sync_folder(std::filesystem::path const& folder) {
    int const fd =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;  // the rename holds; only its durability is not hastened
    ::fsync(fd);
    ::close(fd);
  }

  void remove_temporaries() noexcept {
    for (std::size_t i = published_; i < temporaries_.size(); ++i)
      ::unlink(temporaries_[i].c_str());
  }

  std::vector<output_file> files_;
  std::vector<std::string> temporaries_;
  std::size_t published_ = 0;
};

}  // namespace v1
}  // namespace reshard
