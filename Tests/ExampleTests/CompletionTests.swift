import Foundation
import TestSupport
import Testing

/// What Tab offers, as bash computes it from the script that the command prints.
@Suite struct CompletionTests {
    /// - Parameters:
    ///   - words: the words typed so far; the last is the one to complete.
    private func offers(_ words: [String], _ place: Workplace) throws -> [String] {
        let script = """
            source <("$0" --generate-completion-script bash)
            COMP_WORDS=(char-rnn "$@") COMP_CWORD=$# COMP_LINE="char-rnn $*" COMP_POINT=${#COMP_LINE}
            PATH=$(dirname "$0"):$PATH
            "$(complete -p char-rnn | sed -E 's/.* -F ([^ ]+) .*/\\1/')" char-rnn "${@: -1}" "${@: -2:1}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let bash = CommandLineTool(executable: URL(fileURLWithPath: "/bin/bash"))
        let outcome = try bash.run(
            ["-c", script, CommandLineTool.charRNN.executable.path] + words, in: place.folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.text.split(separator: "\n").map(String.init)
    }

    @Test func filesFoldersOptionsAndValuesAreCompleted() throws {
        try Workplace.inNewFolder { place in
            try place.write("x", to: "kings.safetensors")
            #expect(try offers(["sample", "ki"], place) == ["kings.safetensors"])
            #expect(try offers(["train", "--data-dir", "da"], place) == ["data"])
            #expect(try offers(["train", "--ce"], place) == ["--cell"])
            #expect(try offers(["train", "--cell", ""], place) == ["lstm", "gru", "rnn", "mingru", "mogrifier"])
        }
    }
}
