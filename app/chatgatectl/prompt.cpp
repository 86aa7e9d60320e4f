#include "prompt.h"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <histedit.h>
#include <memory>

#include "filter.h"

namespace chatgate::ctl {
namespace {

constexpr int kHistorySize = 1000;

struct Session {
  const Client& client;
  std::FILE* out = stdout;
};

Session& session_of(EditLine* editor) {
  void* data = nullptr;
  el_get(editor, EL_CLIENTDATA, &data);
  return *static_cast<Session*>(data);
}

// The line up to the cursor.
std::string before_cursor(EditLine* editor) {
  const LineInfo* line = el_line(editor);
  return {line->buffer, line->cursor};
}

// What the prompt itself understands, beside the gateway's commands.
void add_own(const std::string& partial, std::vector<Candidate>& candidates) {
  for (const char* word : {"exit", "quit"}) {
    if (std::string_view(word).starts_with(partial)) {
      candidates.push_back({word, "leave this prompt"});
    }
  }
}

void list(Session& session, const std::vector<Candidate>& candidates) {
  std::size_t width = 0;
  for (const Candidate& candidate : candidates) width = std::max(width, candidate.word.size());
  for (const Candidate& candidate : candidates) {
    std::fprintf(session.out, "  %-*s  %s\n", static_cast<int>(width), candidate.word.c_str(),
                 candidate.help.c_str());
  }
}

std::string common_beginning(const std::vector<Candidate>& candidates) {
  std::string common = candidates.front().word;
  for (const Candidate& candidate : candidates) {
    const auto ends =
        std::mismatch(common.begin(), common.end(), candidate.word.begin(), candidate.word.end());
    common.erase(ends.first, common.end());
  }
  return common;
}

unsigned char on_tab(EditLine* editor, int) {
  Session& session = session_of(editor);
  const std::string line = before_cursor(editor);
  Completion completion = session.client.complete(line);
  const std::string partial = line.substr(completion.from);
  if (completion.from == 0) add_own(partial, completion.candidates);
  std::vector<Candidate> words;
  for (const Candidate& candidate : completion.candidates) {
    if (candidate.literal) words.push_back(candidate);
  }
  if (!words.empty()) {
    std::string text = common_beginning(words);
    if (words.size() == 1) text += ' ';
    if (text.size() > partial.size()) {
      el_deletestr(editor, static_cast<int>(partial.size()));
      el_insertstr(editor, text.c_str());
      return CC_REFRESH;
    }
  }
  if (completion.candidates.empty()) return CC_REFRESH_BEEP;
  std::fputc('\n', session.out);
  list(session, completion.candidates);
  return CC_REDISPLAY;
}

unsigned char on_question(EditLine* editor, int) {
  Session& session = session_of(editor);
  const std::string line = before_cursor(editor);
  std::fputs("?\n", session.out);
  if (find_bar(line) != std::string::npos) {
    list(session, filter_words());
    return CC_REDISPLAY;
  }
  const Reply reply = session.client.command(line + "?", true);
  std::vector<Candidate> candidates;
  if (reply.result.is_object() && reply.result.contains("help")) {
    candidates = candidates_of(reply.result["help"]);
    if (reply.result.contains("complete") && reply.result["complete"] == true &&
        (line.empty() || line.back() == ' ')) {
      candidates.push_back({"<cr>", "run it"});
    }
  }
  if (line.find(' ') == std::string::npos) add_own(line, candidates);
  if (candidates.empty()) {
    std::fprintf(session.out, "%% %s\n", reply.error.c_str());
  } else {
    list(session, candidates);
  }
  return CC_REDISPLAY;
}

unsigned char on_interrupt(EditLine* editor, int) {
  const LineInfo* line = el_line(editor);
  const auto size = static_cast<int>(line->lastchar - line->buffer);
  el_cursor(editor, static_cast<int>(line->lastchar - line->cursor));
  std::fputs("^C\n", session_of(editor).out);
  el_deletestr(editor, size);
  return CC_REDISPLAY;
}

char* prompt_text(EditLine*) {
  static char text[] = "chatgate# ";
  return text;
}

std::string history_file() {
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? std::string()
                                          : std::string(home) + "/.chatgatectl_history";
}

struct CloseEditor {
  void operator()(EditLine* editor) const { el_end(editor); }
};
struct CloseHistory {
  void operator()(History* history) const { history_end(history); }
};

void bind(EditLine* editor) {
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_ADDFN, "gateway-complete", "complete the word", on_tab);
  el_set(editor, EL_ADDFN, "gateway-help", "say what can follow", on_question);
  el_set(editor, EL_ADDFN, "drop-line", "start the line anew", on_interrupt);
  el_set(editor, EL_BIND, "^I", "gateway-complete", nullptr);
  el_set(editor, EL_BIND, "?", "gateway-help", nullptr);
  // Ctrl-C drops the line instead of ending the program.
  el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
  el_set(editor, EL_BIND, "^C", "drop-line", nullptr);
  el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

}  // namespace

bool is_exit(std::string_view line) {
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line == "exit" || line == "quit" || line == "ex" || line == "q";
}

int prompt(const Client& client, const RunLine& run) {
  std::setlocale(LC_CTYPE, "");
  const std::unique_ptr<EditLine, CloseEditor> editor(
      el_init("chatgatectl", stdin, stdout, stderr));
  const std::unique_ptr<History, CloseHistory> history(history_init());
  if (!editor || !history) {
    std::fputs("chatgatectl: cannot use this terminal, give the command as arguments\n", stderr);
    return kFailed;
  }
  HistEvent event;
  ::history(history.get(), &event, H_SETSIZE, kHistorySize);
  ::history(history.get(), &event, H_SETUNIQUE, 1);
  const std::string saved = history_file();
  if (!saved.empty()) ::history(history.get(), &event, H_LOAD, saved.c_str());

  Session session{client};
  el_set(editor.get(), EL_CLIENTDATA, &session);
  el_set(editor.get(), EL_PROMPT, prompt_text);
  el_set(editor.get(), EL_HIST, ::history, history.get());
  bind(editor.get());

  for (;;) {
    int size = 0;
    const char* text = el_gets(editor.get(), &size);
    if (text == nullptr || size <= 0) {
      std::fputc('\n', stdout);
      break;
    }
    std::string line(text, static_cast<std::size_t>(size));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    ::history(history.get(), &event, H_ENTER, line.c_str());
    if (!saved.empty()) ::history(history.get(), &event, H_SAVE, saved.c_str());
    if (is_exit(line)) break;
    run(line);
  }
  return kDone;
}

}  // namespace chatgate::ctl
