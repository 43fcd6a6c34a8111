#include "torch_files.hpp"

#include <reshard/codec/kind.hpp>

using namespace torch_files;

namespace {
bool is_recognised(std::string const& bytes) {
  support::memory_file const memory;
  return torch_format.recognises(random_access_file{memory.write(bytes)});
}
}  // namespace

TEST_CASE("torch files are told by content", "[torch]") {
  for (std::string const& path : files::below(files::data("torch"), ".bin")) {
    INFO(path);
    random_access_file const file{path};
    CHECK(torch_format.recognises(file));
    CHECK((kind_of(file) == file_kind::zip) == !files::contains(path, "legacy"));
  }
  std::string const whole = files::content(files::data("torch/views.bin"));
  CHECK(is_recognised(whole.substr(0, 100)));  // its index says that it is cut off
  CHECK(is_recognised(zip_files::archive({{"a/data/0", "x"}, {"a/data.pkl", ""}})));
  CHECK_FALSE(is_recognised(""));
  CHECK_FALSE(is_recognised("PK\3\4"));
  CHECK_FALSE(is_recognised(whole.substr(0, 40)));
  CHECK_FALSE(is_recognised(zip_files::archive({{"[Content_Types].xml", "x"}, {"word/a", "x"}})));
  CHECK_FALSE(is_recognised(zip_files::archive({})));
  CHECK_FALSE(is_recognised("\x80\2}."));  // a pickle, but not torch's
}

TEST_CASE("torch files are read only", "[torch]") {
  image_entry const entry{"w", dtype::float32, {2}};
  codec_error const e =
      files::error_of([&] { (void)torch_format.image(std::span{&entry, 1}, {}); });
  CHECK(e.code() == errc::value_is_not_supported);
  CHECK(e.rule() == std::string_view{"torch_files_are_only_read"});
  CHECK(torch_format.index(random_access_file{files::data("torch/nested.bin")}).tensors.size() == 3);
}
