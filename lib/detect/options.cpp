#include "detect/options.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace chatgate::detect {
namespace {

// Words of Snort and Suricata that are known and refused, and why; by what they begin with.
struct Refusal {
  std::string_view begins;
  std::string_view why;
};

constexpr std::string_view kNotParsed = "chatgate has no parser for that protocol";
constexpr std::string_view kNoFiles = "chatgate does not keep files";
constexpr std::string_view kNoScript = "rules run no programs";

constexpr Refusal kRefusals[] = {
    {"activate", "set and test flowbits instead"},
    {"app-layer-event", "parser events are no part of rules here"},
    {"asn1", "use content and byte_jump"},
    {"base64_", "chatgate does not decode base64 in rules"},
    {"cip_", kNotParsed},
    {"count", "use threshold or detection_filter"},
    {"cvs", kNotParsed},
    {"dataset", "write a list in the policy"},
    {"datarep", "write a list in the policy"},
    {"dce_", kNotParsed},
    {"dcerpc", kNotParsed},
    {"decode-event", "packets that are not valid have reasons of their own"},
    {"dnp3_", kNotParsed},
    {"dns.", "dns.query is there"},
    {"dsize_", "use dsize"},
    {"enip_", kNotParsed},
    {"entropy", "chatgate does not measure entropy"},
    {"file.", kNoFiles},
    {"file_type", kNoFiles},
    {"fileext", kNoFiles},
    {"filemagic", kNoFiles},
    {"filemd5", kNoFiles},
    {"filename", kNoFiles},
    {"filesha", kNoFiles},
    {"filesize", kNoFiles},
    {"filestore", kNoFiles},
    {"ftp", kNotParsed},
    {"geoip", "write the networks out"},
    {"gtp_", kNotParsed},
    {"hostbits", "use xbits"},
    {"http2.", "the http buffers are there for HTTP/2 too"},
    {"http_encode", "the http buffers are normalised"},
    {"icmp_header", "itype, icode, icmp_id and icmp_seq are there"},
    {"icmpv", "itype, icode, icmp_id and icmp_seq are there"},
    {"ike", kNotParsed},
    {"iprep", "write a list in the policy"},
    {"ipv4.hdr", "ttl, tos, id, ip_proto and fragbits are there"},
    {"ipv6.hdr", "ttl, tos and ip_proto are there"},
    {"ja3", "chatgate knows JA4, and not in rules"},
    {"ja4", "the JA4 of a hello is in the events"},
    {"krb5", kNotParsed},
    {"lua", kNoScript},
    {"modbus", kNotParsed},
    {"mqtt", kNotParsed},
    {"nfs", kNotParsed},
    {"pcrexform", "write the pcre on the buffer itself"},
    {"quic.", "tls.sni is there"},
    {"react", "write the action reject"},
    {"replace", "chatgate does not change payload"},
    {"resp", "write the action reject"},
    {"rfb", kNotParsed},
    {"rpc", kNotParsed},
    {"session", "chatgate does not record sessions"},
    {"logto", "events say which rule it was"},
    {"sip", kNotParsed},
    {"smb", kNotParsed},
    {"snmp", kNotParsed},
    {"ssh", kNotParsed},
    {"ssl_", "tls.sni and tls.cert_subject are there"},
    {"stream_reassemble", "streams are always reassembled"},
    {"tcp.", "flags, seq, ack and window are there"},
    {"tls",
     "tls.sni, tls.cert_subject, tls.cert_issuer, tls.cert_serial and tls.cert_fingerprint "
     "are there"},
    {"to_md5", "chatgate has no digests in rules"},
    {"to_sha", "chatgate has no digests in rules"},
    {"udp.hdr", "ports and dsize are there"},
    {"xor", "chatgate does not decode in rules"},
};

const std::vector<const OptionEntry*>& all_options() {
  static const std::vector<const OptionEntry*> options = [] {
    std::vector<const OptionEntry*> all;
    for (const auto table : {general_options(), content_options(), buffer_options(), byte_options(),
                             packet_options(), state_options()}) {
      for (const OptionEntry& entry : table) all.push_back(&entry);
    }
    std::sort(all.begin(), all.end(),
              [](const OptionEntry* a, const OptionEntry* b) { return a->name < b->name; });
    return all;
  }();
  return options;
}

const OptionEntry* find_option(std::string_view name) {
  const auto& all = all_options();
  const auto found = std::lower_bound(
      all.begin(), all.end(), name,
      [](const OptionEntry* entry, std::string_view n) { return entry->name < n; });
  return found != all.end() && (*found)->name == name ? *found : nullptr;
}

void report_unknown(RuleBuilder& builder, std::string_view name) {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> result;
    for (const OptionEntry* entry : all_options()) result.push_back(entry->name);
    for (const BufferEntry& entry : buffer_table()) {
      for (const std::string_view word : {entry.name, entry.sticky, entry.modifier}) {
        if (!word.empty()) result.push_back(word);
      }
    }
    const auto transforms = transform_names();
    result.insert(result.end(), transforms.begin(), transforms.end());
    return result;
  }();
  std::string remedy = did_you_mean(name, names);
  const auto refusal = std::find_if(std::begin(kRefusals), std::end(kRefusals),
                                    [&](const Refusal& r) { return name.starts_with(r.begins); });
  if (refusal != std::end(kRefusals)) {
    builder.error(name, "the option " + quoted(name) + " is not supported",
                  std::string(refusal->why));
    return;
  }
  builder.error(name, "unknown option " + quoted(name), std::move(remedy));
}

// Words that stand for a buffer or what is done to it. False where it is none of them.
bool read_buffer_word(RuleBuilder& builder, const OptionText& option) {
  const BufferEntry* sticky = find_sticky(option.name);
  const BufferEntry* modifier = find_modifier(option.name);
  const Transform* transform = find_transform(option.name);
  if (sticky == nullptr && modifier == nullptr && transform == nullptr) return false;

  const bool mime = option.name == "file_data" && option.value == "mime";
  if (option.has_value && !mime) {
    builder.error(option.value, quoted(option.name) + " takes no value",
                  std::string(option.name) + ";");
  } else if (sticky != nullptr) {
    builder.select_sticky(option.name, sticky->buffer);
  } else if (transform != nullptr) {
    builder.add_transform(option.name, *transform);
  } else if (Content* content = builder.last_content(option.name); content != nullptr) {
    builder.retarget(option.name, content->target, modifier->buffer);
  }
  return true;
}

}  // namespace

void read_option(RuleBuilder& builder, const OptionText& option) {
  const OptionEntry* entry = find_option(lowered(option.name));
  if (entry == nullptr) {
    if (!read_buffer_word(builder, option)) report_unknown(builder, option.name);
    return;
  }
  if (entry->value == OptionValue::required && option.value.empty()) {
    builder.error(option.name, quoted(option.name) + " needs a value",
                  std::string(option.name) + ":VALUE;");
    return;
  }
  if (entry->value == OptionValue::none && option.has_value) {
    builder.error(option.value, quoted(option.name) + " takes no value",
                  std::string(option.name) + ";");
    return;
  }
  if (entry->times == OptionTimes::once && !builder.first_time(option.name, entry->name)) return;
  entry->read(builder, option);
}

}  // namespace chatgate::detect
