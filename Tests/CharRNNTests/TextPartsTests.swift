import CharRNN
import Foundation
import TestSupport
import Testing

/// What a text is put together from: bytes that become characters, and strings at which it stops.
@Suite struct TextPartsTests {
    @Test func bytesBecomeWhatStringMakesOfThem() {
        var generator = SplitMix64(seed: 1)
        // Such bytes as begin, continue and break scalars.
        let bytes: [UInt8] = [
            0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4,
            0xF5,
            0xFF,
        ]
        let whole = Array("aé€😀e\u{301}".utf8)
        for round in 0..<20_000 {
            let input =
                (0..<Int.random(in: 1...9, using: &generator)).map { _ in bytes.randomElement(using: &generator)! }
                + (round % 2 == 0 ? whole : [])
            var (assembler, text, rest) = (UTF8Assembler(), "", input[...])
            while !rest.isEmpty {
                let part = rest.prefix(.random(in: 1...3, using: &generator))
                rest = rest.dropFirst(part.count)
                text += assembler.read(Array(part))
            }
            text += assembler.finish()
            guard Array(text.utf8) == Array(String(decoding: input, as: UTF8.self).utf8) else {
                Issue.record("\(text) of \(input)")
                return
            }
        }
    }

    @Test func aScalarIsToldAsSoonAsItIsWhole() {
        var assembler = UTF8Assembler()
        #expect("a😀".utf8.map { assembler.read([$0]) } == ["a", "", "", "", "😀"])
        #expect([0xE2, 0x82, 0x41].map { assembler.read([$0]) } == ["", "", "\u{FFFD}A"])
        #expect([0xF4, 0x90].map { assembler.read([$0]) } == ["", "\u{FFFD}\u{FFFD}"], "there is no U+110000")
    }

    /// The text before the stop that is complete first, of several the longest, and that stop.
    private func plain(_ text: [UInt8], _ stops: [String]) -> (before: [UInt8], found: String?) {
        for end in text.indices.map({ $0 + 1 }) {
            let complete = stops.filter { text[..<end].suffix($0.utf8.count).elementsEqual($0.utf8) }
            if let stop = complete.max(by: { $0.utf8.count < $1.utf8.count }) {
                return (Array(text[..<(end - stop.utf8.count)]), stop)
            }
        }
        return (text, nil)
    }

    @Test func stopsAreFoundWhereverTheyStraddle() {
        var generator = SplitMix64(seed: 2)
        func word(_ lengths: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: lengths, using: &generator)).map { _ in UInt8.random(in: 97...98, using: &generator) }
        }
        var found = 0
        for _ in 0..<20_000 {
            let stops = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                String(decoding: word(1...7), as: UTF8.self)
            }
            let text = word(0...40)
            let expected = plain(text, stops)
            var (finder, before, stop, rest) = (StopStrings(stops), [UInt8](), String?.none, text[...])
            while !rest.isEmpty && stop == nil {
                let part = rest.prefix(.random(in: 1...4, using: &generator))
                rest = rest.dropFirst(part.count)
                let (released, found) = finder.read(Array(part))
                before += released
                stop = found
            }
            if stop == nil { before += finder.held } else { found += 1 }
            guard before == expected.before && stop == expected.found else {
                Issue.record("\(before), \(stop ?? "") for \(expected) in \(text) with \(stops)")
                return
            }
        }
        #expect(found > 1000 && found < 19_900)
    }

    @Test func onlyWhatMayBeAStopIsHeldBack() {
        var finder = StopStrings(["\n\n", "aab"])
        #expect(finder.read(Array("xaa".utf8)).released == Array("x".utf8))
        #expect(finder.held == Array("aa".utf8))
        #expect(finder.read(Array("a".utf8)).released == Array("a".utf8), "aaa may still become aaab")
        #expect(finder.read(Array("\n".utf8)).released == Array("aa".utf8))
        #expect(finder.read(Array("\n".utf8)) == ([], "\n\n"))
    }
}
