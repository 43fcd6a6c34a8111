#include <reshard/exec/output_job.hpp>

#include "mover_case.hpp"

namespace output_job_test {

using namespace reshard;
using namespace mover_case;

namespace {
auto const no_sync = [] {};

std::vector<output_file> two_files(folder const& dir) {
  auto const image = std::make_shared<file_image const>(file_image{4, {{0, "ab"}}, {}, {}});
  return {{dir.path + "/rank_0/a", image}, {dir.path + "/rank_1/a", image}};
}
std::size_t files_in(folder const& dir) {
  std::size_t n = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator{dir.path})
    n += entry.is_regular_file() ? 1 : 0;
  return n;
}
}  // namespace

TEST_CASE("a job ends with its files and nothing else", "[output_job]") {
  folder const dir;
  output_job job{two_files(dir), {1, 2}, {}};
  CHECK(job.journal_path() == dir.path + "/.reshard-0000000000000001.journal");
  CHECK(!job.is_complete());
  job.begin();
  CHECK(files_in(dir) == 3);
  job.done(0, 4, no_sync);
  int synced = 0;
  job.publish([&] { ++synced; });
  CHECK(synced == 1);
  CHECK(files_in(dir) == 2);
  CHECK(std::filesystem::exists(dir.path + "/rank_1/a"));
}

TEST_CASE("a job that was stopped goes on where it was", "[output_job]") {
  folder const dir;
  {
    output_job job{two_files(dir), {1, 2}, {}};
    job.begin();
    job.done(3, 4, no_sync);
    CHECK(job.stop());
  }
  {
    output_job job{two_files(dir), {1, 2}, {}};
    CHECK(job.tasks_found() == 1);
    CHECK(job.found(3));
    CHECK(!job.found(2));
    CHECK(!job.found(4));
    job.begin();
    CHECK(job.stop());
  }
  CHECK(output_job{two_files(dir), {1, 3}, {}}.tasks_found() == 0);  // other inputs
  CHECK(output_job{two_files(dir), {2, 2}, {}}.tasks_found() == 0);  // another job
  output_options fresh;
  fresh.fresh = true;
  CHECK(output_job{two_files(dir), {1, 2}, fresh}.tasks_found() == 0);
  std::filesystem::resize_file(dir.path + "/rank_0/a.reshard-0000000000000001.tmp", 3);
  CHECK(output_job{two_files(dir), {1, 2}, {}}.tasks_found() == 0);
}

TEST_CASE("a job that stopped before its first task leaves nothing", "[output_job]") {
  folder const dir;
  output_job job{two_files(dir), {1, 2}, {}};
  job.begin();
  CHECK(!job.stop());
  CHECK(files_in(dir) == 0);
}

TEST_CASE("a job that was killed between two renames ends them", "[output_job]") {
  folder const dir;
  {
    output_job job{two_files(dir), {1, 2}, {}};
    job.begin();
    journal{dir.path + "/other", 2};
  }
  std::string const temporary = ".reshard-0000000000000001.tmp";
  {
    journal j{dir.path + "/.reshard-0000000000000001.journal", 2};
    j.complete(journal::durability::of_the_machine);
  }
  std::filesystem::rename(dir.path + "/rank_0/a" + temporary, dir.path + "/rank_0/a");
  output_job job{two_files(dir), {1, 2}, {}};
  CHECK(job.is_complete());
  job.begin();
  job.publish([] { FAIL("nothing is left to be synced"); });
  CHECK(std::filesystem::exists(dir.path + "/rank_0/a"));
  CHECK(std::filesystem::exists(dir.path + "/rank_1/a"));
  CHECK(!std::filesystem::exists(job.journal_path()));
}

TEST_CASE("sync points come by bytes and by time, not without durability", "[output_job]") {
  for (bool const durable : {true, false}) {
    folder const dir;
    output_options options;
    options.durable = durable;
    options.sync_bytes = 100;
    output_job job{two_files(dir), {1, 2}, options};
    job.begin();
    int synced = 0;
    for (std::uint64_t task = 0; task < 10; ++task)
      job.done(task, 40 * (task + 1), [&] { ++synced; });
    CHECK(synced == (durable ? 3 : 0));
    job.stop();
  }
  folder const dir;
  output_options options;
  options.sync_time = std::chrono::seconds{0};
  output_job job{two_files(dir), {1, 2}, options};
  job.begin();
  int synced = 0;
  job.done(0, 1, [&] { ++synced; });
  CHECK(synced == 1);
}

TEST_CASE("the same job cannot run twice at a time, others in the folder can", "[output_job]") {
  folder const dir;
  output_job job{two_files(dir), {1, 2}, {}};
  job.begin();
  output_job same{two_files(dir), {1, 2}, {}};
  CHECK_THROWS_WITH(same.begin(), Catch::Contains("another process"));
  output_job other{two_files(dir), {7, 2}, {}};
  other.begin();
  CHECK(other.files().are_there());
  CHECK(job.files().are_there());
}

}  // namespace output_job_test
