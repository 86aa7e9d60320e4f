#include "io/pcap/capture_reader.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <pcap/pcap.h>

#include "io/pcap/link_type.h"
#include "io/pcap/pcapng_reader.h"

namespace chatgate::io {
namespace {

constexpr int kGzipFirstByte = 0x1f;
constexpr int kPcapngFirstByte = 0x0a;  // of the section header's type; no pcap file starts so

std::string plural(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " packet" : " packets");
}

class PcapReader final : public CaptureReader {
 public:
  PcapReader(std::string name, pcap_t* handle)
      : CaptureReader(std::move(name)),
        handle_(handle),
        link_(*link_type_of(pcap_datalink(handle))) {}
  ~PcapReader() override { pcap_close(handle_); }

 private:
  Next read(net::PacketView& packet) override {
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    const int status = pcap_next_ex(handle_, &header, &data);
    if (status == PCAP_ERROR_BREAK) return Next::end;
    if (status != 1) {
      const std::string_view text = pcap_geterr(handle_);
      if (text.starts_with("truncated")) return cut_off();
      return fail("packet " + std::to_string(count() + 1) + " is damaged: " + std::string(text));
    }
    packet.bytes = {data, header->caplen};
    packet.wire_length = std::max(header->len, header->caplen);
    packet.link = link_;
    // Both fields are 32 bits without sign in the file; the second holds nanoseconds here.
    const std::uint64_t seconds = static_cast<std::uint32_t>(header->ts.tv_sec);
    const std::uint64_t fraction = static_cast<std::uint32_t>(header->ts.tv_usec);
    packet.time = Time{seconds * 1'000'000'000 + fraction};
    return Next::packet;
  }

  pcap_t* handle_;
  net::LinkType link_;
};

}  // namespace

CaptureReader::Next CaptureReader::next(net::PacketView& packet) {
  if (last_ != Next::packet) return last_;
  last_ = read(packet);
  if (last_ == Next::packet) packet.number = ++count_;
  return last_;
}

CaptureReader::Next CaptureReader::fail(std::string message, std::string remedy) {
  error_ = {Severity::error, {name_}, std::move(message), std::move(remedy)};
  return Next::error;
}

CaptureReader::Next CaptureReader::cut_off() {
  return fail("the capture is cut off after " + plural(count_));
}

CaptureReader::Next CaptureReader::unsupported_link(int number) {
  return fail("packet " + std::to_string(count_ + 1) + " has link type " + link_type_name(number) +
                  ", which is not supported",
              kLinkTypesRead);
}

std::unique_ptr<CaptureReader> CaptureReader::open(const std::string& path,
                                                   Diagnostics& diagnostics) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  std::FILE* file = standard_input ? stdin : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    diagnostics.error({name}, std::string("cannot be read: ") + std::strerror(errno));
    return nullptr;
  }
  errno = 0;
  const int first = std::getc(file);
  if (first == EOF) {
    const std::string why = std::ferror(file) != 0
                                ? std::string("cannot be read: ") + std::strerror(errno)
                                : std::string("not a capture: the file is empty");
    std::fclose(file);
    diagnostics.error({name}, why);
    return nullptr;
  }
  std::ungetc(first, file);
  if (first == kPcapngFirstByte) return PcapngReader::open(name, file, diagnostics);

  char text[PCAP_ERRBUF_SIZE] = "";
  pcap_t* handle = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, text);
  if (handle == nullptr) {
    std::fclose(file);
    const std::string_view why = text;
    diagnostics.error(
        {name},
        why.starts_with("truncated") ? "not a capture: the file is shorter than a file header"
                                     : "not a pcap or pcapng capture",
        first == kGzipFirstByte ? std::string("it looks compressed, decompress it first")
        : why.starts_with("truncated") || why.starts_with("unknown file format")
            ? std::string()
            : std::string(why));
    return nullptr;
  }
  if (const int number = pcap_datalink(handle); !link_type_of(number)) {
    diagnostics.error({name}, "link type " + link_type_name(number) + " is not supported",
                      kLinkTypesRead);
    pcap_close(handle);
    return nullptr;
  }
  return std::make_unique<PcapReader>(name, handle);
}

}  // namespace chatgate::io
