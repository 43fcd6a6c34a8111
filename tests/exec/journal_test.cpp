#include <reshard/exec/journal.hpp>

#include "mover_case.hpp"

namespace journal_test {

using namespace reshard;
using namespace mover_case;

namespace {
constexpr std::uint64_t job_1 = 11;
constexpr std::uint64_t boot_1 = 21;
constexpr std::uint64_t boot_2 = 22;

std::vector<std::uint64_t> tasks(std::optional<journal_state> const& state) {
  std::vector<std::uint64_t> out;
  if (!state) return out;
  for (std::size_t i = 0; i < state->done.size(); ++i)
    if (state->done[i]) out.push_back(i);
  CHECK(out.size() == state->tasks);
  return out;
}
using list = std::vector<std::uint64_t>;

/// Tasks 0 and 5, a sync point, tasks 2 and 3.
std::string written(folder const& dir) {
  std::string path = dir.path + "/journal";
  journal j{path, job_1, journal::start::go_on, boot_1};
  j.begin();
  j.done(5);
  j.done(0);
  j.sync_point([] {});
  j.done(2);
  j.done(3);
  return path;
}
}  // namespace

TEST_CASE("a journal says which tasks are done", "[journal]") {
  folder const dir;
  std::string const path = written(dir);
  CHECK(tasks(journal::read(path, job_1, boot_1)) == list{0, 2, 3, 5});
  CHECK(!journal::read(path, job_1, boot_1)->complete);
  journal again{path, job_1, journal::start::go_on, boot_1};
  CHECK(again.found().tasks == 4);
  again.begin();
  again.done(4);
  CHECK(tasks(journal::read(path, job_1, boot_1)) == list{0, 2, 3, 4, 5});
}

TEST_CASE("after another start of the machine only what is before the sync point counts",
          "[journal]") {
  folder const dir;
  std::string const path = written(dir);
  CHECK(tasks(journal::read(path, job_1, boot_2)) == list{0, 5});
  {
    journal j{path, job_1, journal::start::go_on, boot_2};
    j.begin();
    j.done(3);
  }
  CHECK(tasks(journal::read(path, job_1, boot_2)) == list{0, 3, 5});
  CHECK(tasks(journal::read(path, job_1, boot_1)) == list{0, 5});  // 2 and 3 do not come back
}

TEST_CASE("tasks that finish while a sync point is made are not covered by it", "[journal]") {
  folder const dir;
  std::string const path = dir.path + "/journal";
  {
    journal j{path, job_1, journal::start::go_on, boot_1};
    j.begin();
    j.done(1);
    j.sync_point([&] { j.done(2); });
  }
  CHECK(tasks(journal::read(path, job_1, boot_2)) == list{1});
}

TEST_CASE("a job that has not begun, or whose files may be empty, is none", "[journal]") {
  folder const dir;
  std::string const path = dir.path + "/journal";
  journal j{path, job_1, journal::start::go_on, boot_1};
  CHECK(!journal::read(path, job_1, boot_1));
  j.begin();
  j.done(1);
  CHECK(tasks(journal::read(path, job_1, boot_1)) == list{1});
  CHECK(!journal::read(path, job_1, boot_2));
  CHECK_THROWS_AS(j.sync_point([] { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK(!journal::read(path, job_1, boot_1));
}

TEST_CASE("if files cannot be synced, what is not durable is lost", "[journal]") {
  folder const dir;
  std::string const path = written(dir);
  {
    journal j{path, job_1, journal::start::go_on, boot_1};
    j.begin();
    CHECK_THROWS_AS(j.sync_point([] { throw std::runtime_error("no"); }), std::runtime_error);
  }
  CHECK(tasks(journal::read(path, job_1, boot_1)) == list{0, 5});
}

TEST_CASE("a torn or damaged record ends the journal", "[journal]") {
  folder const dir;
  std::string const path = written(dir);
  auto const size = std::filesystem::file_size(path);
  CHECK(size == 6 * 16);
  std::string bytes(size, '\0');
  std::ifstream{path}.read(bytes.data(), static_cast<std::streamsize>(size));
  for (std::uint64_t cut = 0; cut <= size; ++cut) {
    std::string const part = dir.path + "/cut";
    std::ofstream{part, std::ios::binary} << bytes.substr(0, cut) << std::string(size - cut, '\0');
    list const all[] = {{}, {}, {5}, {0, 5}, {0, 5}, {0, 2, 5}, {0, 2, 3, 5}};
    CHECK(tasks(journal::read(part, job_1, boot_1)) == all[cut / 16]);
    journal j{part, job_1, journal::start::go_on, boot_1};
    j.begin();
    j.done(7);
    list expected = all[cut / 16];
    expected.push_back(7);
    CHECK(tasks(journal::read(part, job_1, boot_1)) == expected);
  }
}

TEST_CASE("a journal of other inputs is not used", "[journal]") {
  folder const dir;
  std::string const path = written(dir);
  CHECK(!journal::read(path, job_1 + 1, boot_1));
  CHECK(!journal::read(dir.path + "/none", job_1, boot_1));
  { journal{path, job_1 + 1, journal::start::go_on, boot_1}.begin(); }
  CHECK(!journal::read(path, job_1, boot_1));
  CHECK(journal::read(path, job_1 + 1, boot_1)->tasks == 0);
}

TEST_CASE("complete survives the machine only if it is said to", "[journal]") {
  using durability = journal::durability;
  for (durability const how : {durability::of_the_process, durability::of_the_machine}) {
    folder const dir;
    std::string const path = dir.path + "/journal";
    {
      journal j{path, job_1, journal::start::go_on, boot_1};
      j.begin();
      j.complete(how);
    }
    CHECK(journal::read(path, job_1, boot_1)->complete);
    CHECK(journal::read(path, job_1, boot_2).has_value() == (how == durability::of_the_machine));
  }
}

TEST_CASE("two jobs cannot hold one journal", "[journal]") {
  folder const dir;
  std::string const path = dir.path + "/journal";
  {
    journal held{path, job_1};
    CHECK_THROWS_WITH((journal{path, job_1}), Catch::Contains("another process"));
    held.remove();
    journal const next{path, job_1};  // a new file of that name
  }
  journal const free{path, job_1};
}

}  // namespace journal_test
