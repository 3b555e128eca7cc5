import CharRNN
import TestSupport
import Testing

/// Several texts side by side are read as each alone.
@Suite struct SessionGroupTests {
    @Test(arguments: [.max, .max / 4, 1 << 40])
    func moreTextsThanFitTheMemoryAreAnError(_ count: Int) throws {
        for device in Device.underTest {
            let model = try Run().model(on: device)
            let error = #expect(throws: DeviceError.self) { try model.makeSessionGroup(count: count) }
            guard case .outOfMemory(let requested, _, _, _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(requested > count / 2)
        }
    }

    private func model(
        _ cell: RecurrentCell = .lstm, hiddenSize: Int = 9, on device: Device = .cpu
    ) throws -> LanguageModel {
        try Run(cell: cell, hiddenSize: hiddenSize, text: SmallText.rhythm(40)).model(on: device)
    }

    /// Expects that a text has the bits of a session of its own. Graphics cards have other products for one row.
    private func expectAlike(
        _ actual: Distribution, _ expected: Distribution, on device: Device, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard device.sumsAlike else {
            let worst = zip(actual.logits, expected.logits).map { abs($0 - $1) }.max()!
            #expect(worst <= 1e-4, "\(what) on \(device)", sourceLocation: sourceLocation)
            return
        }
        expectSame(actual.logits, expected.logits, "\(what) on \(device)", sourceLocation: sourceLocation)
    }

    @Test(arguments: RecurrentCell.allCases)
    func eachTextIsReadAsAlone(_ cell: RecurrentCell) throws {
        for device in Device.underTest + [.processor(threadCount: 3)] {
            // 1030 units: products of them are cut, and 9 are less than a vector.
            for (hiddenSize, counts) in [(9, [1, 2, 11, 64]), (130, [7, 8, 33]), (1030, [3, 9])] {
                if hiddenSize == 1030 && cell != .lstm { continue }
                let model = try model(cell, hiddenSize: hiddenSize, on: device)
                for count in counts {
                    var session = try model.makeSession()
                    if count == 11 { try session.feed("abca") }
                    let group = try count == 11 ? session.makeGroup(count: count) : model.makeSessionGroup(count: count)
                    var sessions = [Session](repeating: session, count: count)
                    #expect(group.count == count && group.next[0].logits == sessions[0].next.logits)
                    for step in 0..<4 {
                        let tokens = (0..<count).map { ($0 * 5 + step * 3) % model.vocabulary.count }
                        try group.feed(tokens)
                        for i in 0..<count {
                            try sessions[i].feed(tokens[i])
                            expectAlike(
                                group.next(of: group.rows[i]), sessions[i].next, on: device,
                                "text \(i) of \(count) after \(step + 1) tokens")
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: RecurrentCell.allCases)
    func textsComeAndGoRestForkAndReadDifferentNumbersOfTokens(_ cell: RecurrentCell) throws {
        for device in Device.underTest + [.processor(threadCount: 3)] {
            let model = try model(cell, on: device)
            var generator = SplitMix64(seed: 3)
            let group = try model.makeSessionGroup()
            var alone: [SessionGroup.Row: Session] = [:]
            func token() -> Int { Int.random(in: 0..<model.vocabulary.count, using: &generator) }
            for step in 0..<120 {
                switch Int.random(in: 0..<6, using: &generator) {
                case 0:
                    var session = try model.makeSession()
                    try session.feed((0..<step % 3).map { _ in token() })
                    alone[try group.join(session)] = session
                case 1:
                    guard let parent = group.rows.randomElement(using: &generator) else { continue }
                    alone[try group.fork(parent)] = alone[parent]
                case 2:
                    guard group.count > 3, let row = group.rows.randomElement(using: &generator) else { continue }
                    group.leave(row)
                    alone[row] = nil
                case 3:
                    var tokens: [SessionGroup.Row: [Int]] = [:]
                    for row in group.rows {
                        tokens[row] = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in token() }
                    }
                    try group.feed(tokens)
                    for (row, tokens) in tokens { try alone[row]!.feed(tokens) }
                default:
                    var tokens: [SessionGroup.Row: Int] = [:]
                    for row in group.rows where Bool.random(using: &generator) { tokens[row] = token() }
                    try group.feed(tokens)
                    for (row, token) in tokens { try alone[row]!.feed(token) }
                }
                #expect(Set(group.rows) == Set(alone.keys))
                for (row, session) in alone {
                    expectAlike(group.next(of: row), session.next, on: device, "\(row) after step \(step)")
                    #expect(Array(group.recent(of: row)) == Array(session.recent))
                }
            }
            for (row, session) in alone where device.sumsAlike {
                var taken = try group.session(of: row)
                #expect(try taken.state() == session.state())
                var session = session
                try session.feed("ab")
                try taken.feed("ab")
                expectSame(taken.next.logits, session.next.logits)
                #expect(Array(taken.recent) == Array(session.recent))
            }
        }
    }

    @Test func childrenReplaceTheirParents() throws {
        for device in Device.underTest {
            let model = try model(on: device)
            var session = try model.makeSession()
            try session.feed("abc")
            let group = try model.makeSessionGroup()
            var rows = [try group.join(session)]
            var alone = [session]
            // Of each step the parents by number: several of one, some without.
            for parents in [[0, 0, 0], [2, 0, 2, 2], [3, 1], [1, 0], [0, 0, 1, 1, 0, 0, 1, 1, 0]] {
                let tokens = parents.indices.map { ($0 * 3 + parents.count) % model.vocabulary.count }
                rows = try group.feed(tokens, from: parents.map { rows[$0] })
                alone = try zip(parents, tokens).map { parent, token in
                    var child = alone[parent]
                    try child.feed(token)
                    return child
                }
                #expect(group.rows == rows && group.count == parents.count)
                for (row, session) in zip(rows, alone) {
                    expectAlike(group.next(of: row), session.next, on: device, "a child of \(parents)")
                    #expect(Array(group.recent(of: row)) == Array(session.recent))
                }
            }
        }
    }

    /// On graphics cards too, as long as the group does not grow.
    @Test func noTextDependsOnItsNeighbours() throws {
        for device in Device.underTest {
            let model = try model(on: device)
            func read(neighbours: Int) throws -> [Float] {
                let group = try model.makeSessionGroup(count: 13)
                for row in group.rows.dropFirst(neighbours + 1).reversed() { group.leave(row) }
                if neighbours > 4 { group.leave(group.rows[0]) }
                for step in 0..<5 { try group.feed((0..<group.count).map { ($0 + 1) * step % 7 }) }
                let row = try group.join(model.makeSession())
                for token in [1, 5, 3] {
                    var tokens = [row: token]
                    for neighbour in group.rows.prefix(2) where neighbour != row { tokens[neighbour] = 4 }
                    try group.feed(tokens)
                }
                return group.next(of: row).logits
            }
            let expected = try read(neighbours: 0)
            for neighbours in [1, 3, 7, 11] {
                expectSame(try read(neighbours: neighbours), expected, "with \(neighbours) on \(device)")
            }
        }
    }

    @Test func aTextOfAnotherModelIsAnError() throws {
        let group = try model().makeSessionGroup()
        var run = Run(hiddenSize: 9, text: SmallText.rhythm(40))
        let equal = try run.model().makeSession()
        #expect(throws: Never.self) { try group.join(equal) }
        run.seed = 8
        var other = try run.model().makeSession()
        try other.feed("ab")
        #expect(throws: StateError.otherModel) { try group.join(other) }
        #expect(group.count == 1)
    }

    @Test func whoHasLeftIsAProgrammersError() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let group = try Run().model().makeSessionGroup(count: 2)
            let row = group.rows[1]
            group.leave(row)
            try group.feed([row: 0])
        }
        #expect(
            String(decoding: try #require(result).standardErrorContent, as: UTF8.self).contains("no longer, in the"))
    }
}

extension Device {
    /// Whether its products of one row add up in the order of those of many.
    var sumsAlike: Bool { kind == .cpu || kind == .openCLProcessor }
}
