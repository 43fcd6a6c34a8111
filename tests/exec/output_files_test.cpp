#include <reshard/exec/output_files.hpp>

#include "mover_case.hpp"

using namespace reshard;
using namespace mover_case;

TEST_CASE("output files appear complete or not at all", "[output_files]") {
  folder const dir;
  auto const image = std::make_shared<file_image const>(file_image{4, {{0, "abcd"}}, {}, {}});
  {
    output_files const abandoned{{{dir.path + "/rank_0/a", image}}, "job"};
    CHECK(std::filesystem::exists(abandoned.temporaries().front()));
  }
  CHECK(std::filesystem::is_empty(dir.path + "/rank_0"));
  output_files kept{{{dir.path + "/rank_0/a", image}}, "job"};
  kept.publish(0400, {});
  CHECK(std::filesystem::file_size(dir.path + "/rank_0/a") == 4);
  CHECK((std::filesystem::status(dir.path + "/rank_0/a").permissions() &
         std::filesystem::perms::all) == std::filesystem::perms::owner_read);
}
