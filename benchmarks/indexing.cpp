// How long it takes to know where the tensors of a file lie: the heads of one file with all of
// DeepSeek-V3, whose elements are a hole.

#include <reshard/formats.hpp>

#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>

#include "model_tensors.hpp"

using namespace reshard;

namespace {

/// A file of the temporary folder with the tensors of the model, as bytes.
class model_file {
 public:
  explicit model_file(file_format const& format)
      : path_((std::filesystem::temp_directory_path() / "indexing_benchmark").string() +
              std::string{format.extension}) {
    std::vector<image_entry> entries;
    for (models::tensor const& t : models::deepseek_v3::tensors().tensors)
      entries.push_back({t.name, dtype::uint8, {t.shape.begin(), t.shape.end()}});
    image_options options;
    options.chunk_bytes = SIZE_MAX;  // one record per tensor
    file_image const image = format.image(entries, options);
    std::ofstream out{path_, std::ios::binary};
    for (image_literal const& literal : image.literals) {
      out.seekp(static_cast<std::streamoff>(literal.offset));
      out.write(literal.bytes.data(), static_cast<std::streamsize>(literal.bytes.size()));
      head_bytes_ += literal.bytes.size();
    }
    out.close();
    std::filesystem::resize_file(path_, image.size);
  }
  model_file(model_file const&) = delete;
  model_file& operator=(model_file const&) = delete;
  ~model_file() { std::filesystem::remove(path_); }

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t head_bytes() const noexcept { return head_bytes_; }

 private:
  std::string path_;
  std::size_t head_bytes_ = 0;
};

void index_of(benchmark::State& state, file_format const& format) {
  model_file const made{format};
  std::size_t tensors = 0;
  for (auto _ : state) {
    random_access_file const file{made.path()};
    tensors = format.index(file).tensors.size();
  }
  state.counters["tensors"] = static_cast<double>(tensors);
  state.counters["head_MB"] = static_cast<double>(made.head_bytes()) / 1e6;
}

BENCHMARK_CAPTURE(index_of, safetensors, safetensors_format)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(index_of, ckpt, ckpt_format)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
