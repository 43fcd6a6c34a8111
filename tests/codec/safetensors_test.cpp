#include "safetensors_files.hpp"

#include <reshard/formats.hpp>

using namespace safetensors_files;

TEST_CASE("the formats are known by name", "[safetensors]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("m", file_of(one("U8", "[4]", 4), "data"))};
  for (file_format const& format : {safetensors_format, lenient_safetensors_format}) {
    CHECK(format.name == "safetensors");
    CHECK(format.extension == ".safetensors");
    CHECK(format.recognises(file));
    CHECK(format.index(file).tensors.size() == 1);
    CHECK(format.image({}, {}).size == 16);
  }
}

TEST_CASE("only the lenient format takes blank space before the header", "[safetensors]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("m", file_of("\n {}"))};
  CHECK_FALSE(safetensors_format.recognises(file));
  CHECK(lenient_safetensors_format.recognises(file));
  CHECK(lenient_safetensors_format.index(file).tensors.empty());
  random_access_file const text{folder.write("t", "\n {} and more text, all in all no header")};
  CHECK_FALSE(lenient_safetensors_format.recognises(text));
}

TEST_CASE("every real file is recognised by one format", "[safetensors]") {
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".safetensors")) {
    INFO(path);
    random_access_file const file{path};
    for (file_format const& format : all_formats())
      CHECK(format.recognises(file) == (format.name == "safetensors"));
  }
}
