import ChatWire
import Glibc
import TestSupport
import Testing

/// The chat client in a terminal that draws, under real shells: what its users see.
@Suite(.enabled(if: TmuxRun.isInstalled, "there is no tmux here"))
struct ChatTmuxTests {
  /// Starts a client in the window, and waits until it is in.
  private func join(_ window: TmuxRun, at port: Int, _ options: String = "") throws {
    try window.enter(
      "\(BuiltProducts.executable("chat-client")) 127.0.0.1 \(port) ann \(options)")
    try window.waitFor("Welcome, ann!")
  }

  private func count(_ text: String, in rows: [String]) -> Int { rows.count { $0.contains(text) } }

  @Test func `a message above leaves a half-typed line with wide characters, and its cursor`()
    throws
  {
    try withChatRoom { port in
      let window = try TmuxRun()
      try join(window, at: port)
      let bob = try ChatClientRun("bob", at: port)
      try window.waitFor("* bob joined")
      try window.type("né漢字x")
      try window.press("Left")
      try window.waitForInput("> né漢字x")
      try bob.enter("above your line 漢字")
      try window.waitFor("<bob> above your line 漢字")
      #expect(try window.inputRow == "> né漢字x")
      // Two for the prompt, two letters, two ideographs of two columns each.
      #expect(try window.ask("#{cursor_x},#{cursor_y}") == "8,23")
      try window.press("BSpace")
      try window.waitForInput("> né漢x")
      try window.press("Enter")
      try bob.terminal.waitFor("<ann> né漢x")
      #expect(try bob.leave().isRestored)
    }
  }

  @Test func `ten thousand pasted characters are one row, and five lines are asked about`() throws {
    try withChatRoom { port in
      let window = try TmuxRun()
      try join(window, at: port)
      try window.paste(String(repeating: "0123456789", count: 1_000))
      try window.press("Enter")
      try window.waitFor("! message too long (10000 bytes, limit 2048): not sent, ctrl-u clears")
      #expect(try window.inputRow.hasSuffix("0123456789"))
      // Nothing of the paste was drawn anywhere but in its row.
      #expect(try count("0123456789", in: window.transcript) == 1)
      try window.press("C-u")
      try window.waitForInput(">")
      try window.paste("one\ntwo\nthree\nfour\nfive\n")
      try window.waitForInput("> one⏎two⏎three⏎four⏎five⏎")
      try window.press("Enter")
      try window.waitForInput("send 5 lines? (y/n)")
      try window.type("y")
      try window.waitFor("<ann> five")
      let rows = try window.screen
      #expect(
        rows.filter { $0.contains("<ann>") }.map { $0.split(separator: " ").last } == [
          "one", "two", "three", "four", "five",
        ])
    }
  }

  @Test func `after a change of size everything is there once, and the row at the bottom`() throws {
    try withChatRoom { port in
      let window = try TmuxRun()
      try join(window, at: port)
      for number in 1...6 {
        try window.enter("line \(number) " + String(repeating: "漢", count: 10))
      }
      try window.waitFor("line 6")
      try window.type("draft 漢字")
      try window.waitForInput("> draft 漢字")
      for (columns, rows) in [(30, 12), (100, 30), (9, 4), (80, 24)] {
        try window.resize(columns: columns, rows: rows)
        // Drawn for the new size when it has settled: then the newest line is there once.
        if columns >= 30 {
          try window.waitFor("<ann> line 6")
          try window.waitForInput("> draft 漢字")
          // The newest stood there before, too: the others tell that it was drawn anew.
          try window.wait(for: "each line once at \(columns)x\(rows)") { screen in
            rows < 24 || (1...6).allSatisfy { count("line \($0) ", in: screen) == 1 }
          }
        } else {
          try window.waitFor(">")
        }
        #expect(try window.screen.count == rows)
        #expect(try window.ask("#{cursor_y}") == "\(rows - 1)")
      }
    }
  }

  @Test(arguments: ["bash --norc --noprofile", "dash -i"])
  func `ctrl-z gives the shell its terminal, and fg leaves what it printed`(shell: String) throws {
    try withChatRoom { port in
      let window = try TmuxRun(shell: shell)
      let modes = "/tmp/fluvial-modes-\(getpid())-\(port)"
      defer { _ = unsafe unlink(modes) }
      try window.enter("stty -g > \(modes)")
      try join(window, at: port)
      let bob = try ChatClientRun("bob", at: port)
      try window.type("a draft that stays")
      try window.waitForInput("> a draft that stays")
      try window.press("C-z")
      try window.waitFor("Stopped")
      try window.enter("stty -g | cmp - \(modes) && echo same as $((5*5*5))")
      try window.waitFor("same as 125")
      try bob.enter("while you were away")
      try bob.terminal.waitFor("<bob> while you were away")
      try window.enter("fg")
      try window.waitFor("<bob> while you were away")
      try window.waitForInput("> a draft that stays")
      // What was there before, and what the shell said: all in its place.
      let rows = try window.screen
      #expect(count("Welcome, ann!", in: rows) == 1)
      #expect(count("same as 125", in: rows) == 1)
      #expect(count("<bob> while you were away", in: rows) == 1)
      // ctrl-l shows the chat alone.
      try window.press("C-l")
      try window.waitFor("Welcome, ann!")
      try window.press("Enter")
      try bob.terminal.waitFor("<ann> a draft that stays")
      try window.press("C-d")
      // What is typed before the client has left is not for the shell, and is thrown away.
      try window.waitForInput("$")
      try window.enter("stty -g | cmp - \(modes) && echo same as $((6*6*6))")
      try window.waitFor("same as 216")
      #expect(try bob.leave().isRestored)
    }
  }

  @Test func `who was stopped for too long comes back with the draft and what was said`() throws {
    let impatient: (inout ChatLimits) -> Void = { limits in
      limits.pingSilence = .milliseconds(300)
      limits.pingWait = .milliseconds(700)
    }
    try withChatRoom(limits: impatient) { port in
      let window = try TmuxRun()
      try join(window, at: port)
      let bob = try ChatClientRun("bob", at: port)
      try window.type("a draft")
      try window.waitForInput("> a draft")
      try window.press("C-z")
      try window.waitFor("Stopped")
      // A program that is stopped answers no PING.
      try bob.terminal.waitFor("* ann left (ping timeout)")
      try bob.enter("where is she?")
      try bob.terminal.waitFor("<bob> where is she?")
      try window.enter("fg")
      try window.waitFor("! connection lost; reconnecting in")
      try bob.terminal.waitFor("* ann joined")
      try window.waitFor("<bob> where is she?")
      try window.waitForInput("> a draft")
      #expect(try bob.leave().isRestored)
    }
  }

  @Test(arguments: [SIGSEGV, SIGABRT, SIGKILL, SIGTERM, SIGHUP])
  func `a client that dies leaves a usable shell`(signal: Int32) throws {
    try withChatRoom { port in
      let window = try TmuxRun()
      let modes = "/tmp/fluvial-modes-\(getpid())-\(port)"
      defer { _ = unsafe unlink(modes) }
      try window.enter("stty -g > \(modes)")
      let client = try BuiltProducts.executable("chat-client")
      try window.enter("echo 'echo $$; exec \"$@\"' > \(modes).sh")
      defer { _ = unsafe unlink("\(modes).sh") }
      try window.enter(
        "SWIFT_BACKTRACE=enable=no sh \(modes).sh \(client) 127.0.0.1 \(port) ann; echo died $((7*7*7))"
      )
      try window.waitFor("Welcome, ann!")
      let id = try #require(window.screen.lazy.compactMap { Int32($0) }.first)
      kill(id, signal)
      try window.waitFor("died 343")
      // The shell repairs the modes itself after SIGKILL; the others are the client's work.
      try window.enter("stty -g | cmp - \(modes) && echo same as $((5*5*5))")
      try window.waitFor("same as 125")
    }
  }

  @Test func `what the shell printed keeps its place and scrolls into the history`() throws {
    try withChatRoom { port in
      let window = try TmuxRun(columns: 80, rows: 10)
      try window.enter("seq -f 'before %g' 1 30")
      try window.waitFor("before 30")
      try join(window, at: port)
      #expect(try count("before 30", in: window.screen) == 1)
      for number in 1...15 { try window.enter("said \(number)") }
      try window.waitFor("<ann> said 15")
      let rows = try window.transcript
      let before = rows.filter { $0.hasPrefix("before ") }
      #expect(before == (1...30).map { "before \($0)" })
      let said = rows.filter { $0.contains("<ann> said ") }.compactMap {
        $0.split(separator: " ").last
      }
      #expect(said == (1...15).map { "\($0)" })
    }
  }

  @Test func `nothing that a server says reaches the title or the clipboard`() throws {
    let attacks = [
      "\u{1b}]0;stolen\u{7}", "\u{1b}]2;stolen\u{1b}\\", "\u{1b}]52;c;c3RvbGVu\u{7}",
      "\u{1b}kstolen\u{1b}\\", "\u{9d}0;stolen\u{9c}", "\u{1b}[2J", "\u{1b}c", "\u{1b}[?1049h",
    ]
    let lines = attacks.flatMap {
      ["<bob> \($0)x", "* \($0)x", "! 500 \($0)x", "<\($0)> x", "@1 \($0)"]
    }
    try withScriptedServer(saying: lines + ["<bob> over"]) { port in
      let window = try TmuxRun(columns: 80, rows: 60)
      let title = try window.ask("#{pane_title} #{window_name} #{alternate_on} #{buffer_name}")
      try join(window, at: port)
      try window.waitFor("<bob> over")
      #expect(
        try window.ask("#{pane_title} #{alternate_on} #{buffer_name}").split(separator: " ").first
          == title.split(separator: " ").first)
      #expect(try window.ask("#{alternate_on}#{buffer_name}") == "0")
      #expect(try count("Welcome, ann!", in: window.screen) == 1)
    }
  }
}
