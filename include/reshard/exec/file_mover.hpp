#pragma once

#include <reshard/exec/file_move.hpp>
#include <reshard/exec/open_files.hpp>
#include <reshard/tensor/strided_copy.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

namespace reshard {
inline namespace v1 {

/// A file that the mover fills at any offset; it exists already, in its full size.
struct mover_files {
  std::vector<std::string> sources;
  std::vector<std::string> destinations;
};

struct mover_options {
  std::size_t workers = 1;
  std::size_t unit_bytes = std::size_t{4} << 20;  ///< of a unit; a worker has two buffers of it
  std::stop_token stop;
  std::function<void(std::uint64_t)>
      progress;  ///< called with the bytes written since the last call
};

/// What the mover asked of the files, in bytes.
struct mover_report {
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t units = 0;
};

namespace detail {
[[noreturn]] inline void cancelled() {
  throw plan_error(errc::cancelled, __func__, "stopped on request");
}

/// Calls access(file offset, bytes from the start) for the file ranges of logical bytes
/// [first, first + bytes).
template <class Access>
void for_each_range(std::span<byte_range const> ranges, std::uint64_t first, std::uint64_t bytes,
                    Access const& access) {
  std::uint64_t done = 0;
  for (byte_range const& range : ranges) {
    if (done == bytes) return;
    if (first >= range.bytes) {
      first -= range.bytes;
      continue;
    }
    std::uint64_t const n = std::min(range.bytes - first, bytes - done);
    access(range.offset + first, done, n);
    done += n;
    first = 0;
  }
}

/// Gives out units: tensors in order, the units of one tensor consecutively.
class unit_queue {
 public:
  struct entry {
    std::shared_ptr<file_move const> move;
    box unit;
  };

  unit_queue(std::size_t moves, std::function<file_move(std::size_t)> make, std::size_t unit_bytes)
      : moves_(moves), make_(std::move(make)), unit_bytes_(unit_bytes) {}

  std::optional<entry> next() {
    std::lock_guard const lock{mutex_};
    while (unit_ == units_) {
      if (at_ == moves_) return std::nullopt;
      move_ = std::make_shared<file_move const>(make_(at_++));
      list_.emplace(move_->shape(), move_->item_bytes, unit_bytes_);
      unit_ = 0;
      units_ = list_->size();
    }
    return entry{move_, (*list_)[unit_++]};
  }

 private:
  std::mutex mutex_;
  std::size_t moves_;
  std::function<file_move(std::size_t)> make_;
  std::size_t unit_bytes_;
  std::size_t at_ = 0;
  std::shared_ptr<file_move const> move_;
  std::optional<unit_list> list_;
  index_t unit_ = 0;
  index_t units_ = 0;
};
}  // namespace detail

/// Moves tensors between files: every unit is read once, each byte from one holder, and written to
/// all destination files that want a part of it. Workers share nothing but the queue.
class file_mover {
 public:
  file_mover(mover_files const& files, mover_options options)
      : files_(files),
        options_(std::move(options)),
        sources_(files.sources.size(), open_file_limit() / 2),
        destinations_(files.destinations.size(), open_file_limit() / 2) {}

  /// Does moves make(0) .. make(moves - 1).
  ///   throws: codec_error with file, tensor and byte; plan_error piece_has_no_present_holder,
  ///   cancelled cost:   memory: workers x 2 x unit_bytes and one file_move
  mover_report run(std::size_t moves, std::function<file_move(std::size_t)> make) {
    detail::unit_queue queue{moves, std::move(make), options_.unit_bytes};
    std::vector<std::thread> threads;
    for (std::size_t w = 1; w < options_.workers; ++w) threads.emplace_back([&] { work(queue); });
    work(queue);
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
    return {read_.load(), written_.load(), units_.load()};
  }

 private:
  struct buffers {
    std::vector<std::byte> unit;    // the wanted box, row-major
    std::vector<std::byte> packed;  // one overlap, row-major
  };

  void work(detail::unit_queue& queue) {
    buffers own;
    try {
      while (!failed_.load()) {
        std::optional<detail::unit_queue::entry> const entry = queue.next();
        if (!entry) return;
        if (options_.stop.stop_requested()) detail::cancelled();
        do_unit(*entry->move, entry->unit, own);
      }
    } catch (...) {
      std::lock_guard const lock{failure_mutex_};
      if (!failed_.exchange(true)) failure_ = std::current_exception();
    }
  }

  void do_unit(file_move const& move, box const& unit, buffers& own) {
    std::optional<box> const target = wanted(move, unit);
    if (!target) return;
    try {
      grow(own.unit, static_cast<std::size_t>(target->elements()) * move.item_bytes);
      box const buffer{grid_index(target->rank(), 0), target->extent()};
      for_each_source(move, *target,
                      [&](file_side const& side, index_t device, met_part const& met) {
                        gather(move, side, *side.shard(device), met, buffer, own);
                      });
      std::uint64_t written = 0;
      for (file_side const& side : move.to) written += scatter(move, side, *target, buffer, own);
      ++units_;
      written_ += written;
      if (options_.progress) options_.progress(written);
    } catch (codec_error const& e) {
      throw codec_error{e.code(), e.rule(), {e.path(), move.name, e.byte()}, e.message()};
    }
  }

  /// A box of the storage that holds what was met, as a box of the unit's buffer; or the other way.
  static box moved(box const& what, grid_index const& from, grid_index const& to) {
    box out = what;
    for (std::size_t d = 0; d < out.rank(); ++d) out.offset_[d] += to[d] - from[d];
    return out;
  }

  /// Reads what was met of a source shard into the unit's buffer.
  void gather(file_move const& move, file_side const& side, file_shard const& shard,
              met_part const& met, box const& buffer, buffers& own) {
    piece const stored{box{side.where.local_shape(met.part)}};
    bool const plain = shard.stored_item_bytes == move.item_bytes;
    for_each_run(stored, {met.local, met.overlap.extent()}, [&](box const& run) {
      box const in_buffer = moved(run, met.local, met.target);
      auto const elements = static_cast<std::size_t>(run.elements());
      auto const first = static_cast<std::uint64_t>(stored.address(run.offset()));
      std::size_t const bytes = elements * shard.stored_item_bytes;
      bool const direct = plain && is_contiguous(buffer, in_buffer);
      if (!direct) grow(own.packed, bytes);
      std::byte* const at = direct ? address(own.unit, buffer, in_buffer, move) : own.packed.data();
      read(shard, first * shard.stored_item_bytes, {at, bytes});
      if (direct) return;
      if (!plain) narrow(own.packed, elements, shard, move.item_bytes);
      copy_box(own.unit.data(), buffer, own.packed.data(), in_buffer, in_buffer, move.item_bytes);
    });
  }

  /// Writes what the side wants of the unit's buffer, each part to the files of all its holders.
  std::uint64_t scatter(file_move const& move, file_side const& side, box const& target,
                        box const& buffer, buffers& own) {
    std::uint64_t written = 0;
    for_each_part(side.where, target, [&](met_part const& met) {
      if (!detail::has_writer(side, met)) return;
      piece const stored{box{side.where.local_shape(met.part)}};
      for_each_run(stored, {met.local, met.overlap.extent()}, [&](box const& run) {
        box const in_buffer = moved(run, met.local, met.target);
        auto const first = static_cast<std::uint64_t>(stored.address(run.offset()));
        written += write_to_holders(side, met, first * move.item_bytes,
                                    packed(move, in_buffer, buffer, own));
      });
    });
    return written;
  }

  /// A box of the unit's buffer, row-major.
  std::span<std::byte const> packed(file_move const& move, box const& what, box const& buffer,
                                    buffers& own) {
    std::size_t const bytes = static_cast<std::size_t>(what.elements()) * move.item_bytes;
    if (is_contiguous(buffer, what)) return {address(own.unit, buffer, what, move), bytes};
    grow(own.packed, bytes);
    copy_box(own.packed.data(), what, own.unit.data(), buffer, what, move.item_bytes);
    return {own.packed.data(), bytes};
  }

  std::uint64_t write_to_holders(file_side const& side, met_part const& met, std::uint64_t first,
                                 std::span<std::byte const> bytes) {
    std::uint64_t written = 0;
    replica_group const holders = side.where.holders_of(met.part);
    for (index_t k = 0; k < holders.size(); ++k) {
      std::optional<file_shard> const shard = side.shard(holders[k]);
      if (!shard) continue;
      write(*shard, first, bytes);
      written += bytes.size();
    }
    return written;
  }

  static std::byte* address(std::vector<std::byte>& unit, box const& buffer, box const& what,
                            file_move const& move) {
    return unit.data() +
           static_cast<std::size_t>(piece{buffer}.address(what.offset())) * move.item_bytes;
  }

  void read(file_shard const& shard, std::uint64_t first, std::span<std::byte> out) {
    auto const file =
        sources_.get(shard.file, [&] { return random_access_file{files_.sources[shard.file]}; });
    detail::for_each_range(shard.ranges, first, out.size(),
                           [&](std::uint64_t offset, std::uint64_t at, std::uint64_t bytes) {
                             file->read(offset, out.subspan(at, bytes));
                           });
    read_ += out.size();
  }

  void write(file_shard const& shard, std::uint64_t first, std::span<std::byte const> bytes) {
    auto const file =
        destinations_.get(shard.file, [&] { return files_.destinations[shard.file]; });
    detail::for_each_range(shard.ranges, first, bytes.size(),
                           [&](std::uint64_t offset, std::uint64_t at, std::uint64_t n) {
                             file->write(offset, bytes.subspan(at, n));
                           });
  }

  static void grow(std::vector<std::byte>& buffer, std::size_t bytes) {
    if (buffer.size() < bytes) buffer.resize(bytes);
  }

  [[nodiscard]] static bool is_contiguous(box const& where, box const& what) {
    return detail::copy_shape_of(where, where, what).run == what.elements();
  }

  /// Keeps of every stored item the bytes of the element.
  static void narrow(std::vector<std::byte>& packed, std::size_t elements, file_shard const& shard,
                     std::size_t item_bytes) {
    for (std::size_t i = 0; i < elements; ++i)
      std::memmove(packed.data() + i * item_bytes,
                   packed.data() + i * shard.stored_item_bytes + shard.stored_item_offset,
                   item_bytes);
  }

  struct writable_file : open_file {
    writable_file(std::string path) : open_file(std::move(path), O_WRONLY) {}
  };

  mover_files const& files_;
  mover_options options_;
  open_files<random_access_file> sources_;
  open_files<writable_file> destinations_;
  std::atomic<std::uint64_t> read_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> units_{0};
  std::atomic<bool> failed_{false};
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
};

}  // namespace v1
}  // namespace reshard
