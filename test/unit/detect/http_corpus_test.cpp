// Real captures: requests and answers as tshark shows them, and a payload that is hidden in every
// way that its clients still find.
#include <filesystem>
#include <gtest/gtest.h>

#include "capture_streams.h"
#include "http_messages.h"

namespace chatgate::detect::test {
namespace {

constexpr std::string_view kFolder = CHATGATE_CORPUS "/pcaps/";

bool there_is_a_corpus() {
  return std::filesystem::exists(CHATGATE_CORPUS "/flows.csv");
}

// All messages of one way of all connections of a capture, in the order of the clients' ports.
std::vector<Shown> messages_of(const std::string& file, Way way) {
  HttpView view;
  std::vector<Shown> all;
  for (const auto& [ends, stream] : proto::test::read_streams(std::string(kFolder) + file)) {
    const std::vector<std::uint8_t> bytes = stream.bytes();
    std::string_view text = as_text(bytes);
    for (const Shown& shown : read_turn(view, way, text, true)) {
      std::vector<std::size_t> lengths;
      for (std::size_t i = 0; i < std::min(text.size(), kMaxTurn); i += 7) lengths.push_back(i);
      EXPECT_EQ(contradiction_in_cuts(view, way, text, lengths), "") << file;
      text.remove_prefix(shown.message.size);
      all.push_back(shown);
    }
  }
  return all;
}

TEST(HttpCorpus, RequestsAreThoseThatTsharkShows) {
  if (!there_is_a_corpus()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  struct Row {
    const char* file;
    std::size_t count;
    std::map<std::string, std::string> first;  // buffers of the first one
  };
  const Row rows[] = {
      {"zeek/http_pipelined-requests.pcap",
       5,
       {{"http.method", "GET"},
        {"http.uri", "/style/enhanced.css"},
        {"http.host", "www.mozilla.org"},
        {"http.user_agent",
         "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.9.1.5) Gecko/20091102 "
         "Firefox/3.5.5"}}},
      {"zeek/http_proxy.pcap",
       1,
       {{"http.uri.raw", "HTTP://bro.org/"},
        {"http.uri", "/"},
        {"http.host", "bro.org"},
        {"http.user_agent", "curl/7.33.0"}}},
      {"zeek/http_100-continue.pcap",
       1,
       {{"http.method", "POST"}, {"http.uri", "/"}, {"http.host", "www.osu.edu"}}},
      {"zeek/http_261_variant-08-leading_zeros.pcap",
       2,
       {{"http.method", "POST"}, {"http.host", "target"}}},
      {"zeek/http_261_variant-10-multi_value_te.pcap",
       2,
       {{"http.method", "POST"}, {"http.host", "target"}}},
      {"netfox.ndx/http_chunked_gzip.pcap",
       1,
       {{"http.host", "www.wireshark.org"},
        {"http.host.raw", "www.wireshark.org:8080"},
        {"http.user_agent", "curl/7.46.0"}}},
      {"suricata-verify/detect-http-uri_DetectEngineHttpRawUriTest29_test.fpc.pcap",
       1,
       {{"http.method", "POST"},
        {"http.uri.raw", "/../a/b/../c/./d.html"},
        {"http.uri", "/a/c/d.html"},
        {"http.user_agent", "Mozilla/1.0"}}},
      {"arkime/https-connect.pcap",
       1,
       {{"http.method", "CONNECT"},
        {"http.uri", "ts01-b.cloudsink.net:443"},
        {"http.host", "ts01-b.cloudsink.net"},
        {"http.user_agent", "CrowdStrike Falcon Sensor"}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.file);
    std::vector<Shown> messages = messages_of(row.file, Way::request);
    ASSERT_EQ(messages.size(), row.count);
    for (const auto& [name, value] : row.first) EXPECT_EQ(messages[0].buffers[name], value) << name;
  }
}

// The answers of these captures carry EICAR's test file, chunked and compressed in ways that
// browsers undo.
TEST(HttpCorpus, FindsWhatIsHiddenInBodies) {
  if (!there_is_a_corpus()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  for (const char* number : {"011", "018", "020", "023", "024", "052", "060", "083", "098", "110",
                             "114", "115", "120", "127", "141", "154", "157", "171", "193", "207",
                             "255", "273", "277", "287", "297", "305", "324", "327", "329", "340",
                             "347", "372", "412", "420", "437", "465", "466", "468", "496"}) {
    SCOPED_TRACE(number);
    const std::string file =
        std::string("suricata-verify/http-evader_http-evader-") + number + ".pcap";
    std::vector<Shown> messages = messages_of(file, Way::response);
    ASSERT_FALSE(messages.empty());
    EXPECT_NE(messages[0].buffers["file.data"].find("EICAR-STANDARD-ANTIVIRUS-TEST-FILE"),
              std::string::npos);
  }
  std::vector<Shown> messages = messages_of("scapy/http_compressed.pcap", Way::response);
  ASSERT_FALSE(messages.empty());
  EXPECT_TRUE(messages[0].buffers["file.data"].starts_with("<!DOCTYPE html PUBLIC"));
  EXPECT_EQ(messages[0].buffers["http.server"], "cafe");
}

}  // namespace
}  // namespace chatgate::detect::test
