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

    @Test(arguments: RecurrentCell.allCases)
    func eachTextIsReadAsAlone(_ cell: RecurrentCell) throws {
        for device in Device.underTest {
            let model = try Run(cell: cell, hiddenSize: 9, text: SmallText.rhythm(40)).model(on: device)
            for count in [1, 2, 11, 64] {
                var session = try model.makeSession()
                if count == 11 { try session.feed("abca") }
                let group = try count == 11 ? session.makeGroup(count: count) : model.makeSessionGroup(count: count)
                var sessions = [Session](repeating: session, count: count)
                #expect(group.count == count && group.next[0].logits == sessions[0].next.logits)
                for step in 0..<6 {
                    let tokens = (0..<count).map { ($0 * 5 + step * 3) % model.vocabulary.count }
                    try group.feed(tokens)
                    for i in 0..<count {
                        try sessions[i].feed(tokens[i])
                        // Products of one row and of several add up in different orders: 9 terms, six steps.
                        let bound: Float = 1e-5
                        let worst = zip(group.next[i].logits, sessions[i].next.logits).map { abs($0 - $1) }.max()!
                        #expect(worst <= bound, "text \(i) of \(count) after \(step + 1) tokens on \(device)")
                    }
                }
            }
        }
    }
}
