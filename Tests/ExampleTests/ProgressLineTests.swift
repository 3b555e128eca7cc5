import TestSupport
import Testing
import char_rnn

/// What is told of work that is going on, as text and numbers.
@Suite struct ProgressLineTests {
    private let line = ProgressLine(
        "2534/21150", fraction: 0.1198,
        facts: [
            .init("loss 1.8342", weight: 3), .init("falling", weight: 1), .init("45,200 chars/s", weight: 0),
            .init("3 min 35 s left", weight: 2),
        ])

    @Test(arguments: [
        (
            120,
            "2534/21150  11% [===>--------------------------] loss 1.8342, falling, 45,200 chars/s, 3 min 35 s left"
        ),
        (79, "2534/21150  11% [>------] loss 1.8342, falling, 45,200 chars/s, 3 min 35 s left"),
        (70, "2534/21150  11% [=>------------] loss 1.8342, falling, 3 min 35 s left"),
        (60, "2534/21150  11% [=>-----------] loss 1.8342, 3 min 35 s left"),
        (40, "2534/21150  11% [=>--------] loss 1.8342"),
        (30, "2534/21150  11% loss 1.8342"),
        (20, "2534/21150  11% loss"), (1, "2"), (0, ""), (-1, ""),
    ])
    func aLineFitsItsWidth(_ width: Int, _ expected: String) {
        #expect(line.text(width: width) == expected)
    }

    @Test(arguments: [-0.5, 0, 0.001, 0.5, 0.999, 1, 1.5])
    func everyWidthHasRoom(_ fraction: Double) {
        for width in 0...200 {
            let text = ProgressLine("validating", fraction: fraction, facts: [.init("12 s left", weight: 0)])
                .text(width: width)
            #expect(text.count <= width && text.allSatisfy(\.isASCII))
            if width >= 40 { #expect(text.contains("[") && text.hasSuffix("] 12 s left")) }
        }
    }

    // MARK: The time that is left

    /// 1000 steps with a validation each hundred.
    private func timeLeft() -> TimeLeft { TimeLeft(first: 0, last: 1000, pauseEvery: 100, validationBatches: 30) }

    @Test func validationsAreCountedBeforeAndAfterOneIsSeen() {
        var left = timeLeft()
        for step in 1...50 { left.add(stepsTo: step, secondsPerStep: 0.1) }
        // A validation is taken for a third of as many steps.
        #expect(abs(left.seconds - (95 + 10)) < 1e-6)
        for step in 51...100 { left.add(stepsTo: step, secondsPerStep: 0.1) }
        left.add(pauseAt: 100, seconds: 4)
        left.add(pauseAt: 100, seconds: 1)  // the checkpoint
        #expect(abs(left.seconds - (90 + 9 * 5)) < 1e-6)
        for step in 101...1000 { left.add(stepsTo: step, secondsPerStep: 0.1) }
        #expect(left.seconds <= 5)
    }

    @Test func stepsThatAreNotReportedAreNoPause() {
        var left = timeLeft()
        for step in stride(from: 30, through: 90, by: 30) { left.add(stepsTo: step, secondsPerStep: 0.1) }
        left.add(pauseAt: 100, seconds: 1 + 5)  // ten steps and a validation
        left.add(stepsTo: 120, secondsPerStep: 0.1)
        #expect(abs(left.seconds - (88 + 9 * 5)) < 1e-6)
    }

    @Test func theFirstStepAndASlowOneMakeItJumpLittle() {
        var left = timeLeft()
        left.add(stepsTo: 1, secondsPerStep: 30)  // a driver compiles
        for step in 2...100 { left.add(stepsTo: step, secondsPerStep: 0.1) }
        let before = left.seconds
        #expect(before < 110)
        left.add(stepsTo: 101, secondsPerStep: 0.3)
        #expect(abs(left.seconds - before) < 0.1 * before)
        // What lasts is followed.
        for step in 102...900 { left.add(stepsTo: step, secondsPerStep: 1) }
        #expect(left.seconds > 90)
    }

    /// Of a small model, beside other programs.
    @Test func aStepThatIsManyTimesSlowerCountsAsOne() {
        var left = timeLeft()
        for step in 1...99 { left.add(stepsTo: step, secondsPerStep: 0.001) }
        left.add(stepsTo: 100, secondsPerStep: 0.1)
        #expect(abs(left.secondsPerStep - (98 * 0.001 + 0.1) / 99) < 2e-5)
    }

    @Test func theFirstStepTellsNothing() {
        var left = timeLeft()
        left.add(stepsTo: 1, secondsPerStep: 30)
        #expect(!left.isKnown)
        left.add(stepsTo: 2, secondsPerStep: 0.1)
        #expect(left.isKnown && left.seconds < 111)
        var rarely = timeLeft()
        rarely.add(stepsTo: 50, secondsPerStep: 0.1)
        #expect(rarely.isKnown)
    }

    /// Twenty seconds in which a text is read, and then a hundredth of the work a second.
    @Test func whatWorkBeginsWithIsNotTakenForItsPace() {
        var pace = Pace()
        for second in 0..<20 { #expect(pace.secondsLeft(at: 0, after: Double(second)) == nil) }
        #expect(pace.secondsLeft(at: 0.001, after: 20) == nil, "20,000 s, if it went on so")
        #expect(pace.secondsLeft(at: 0.006, after: 20.5) == nil, "too little")
        for second in 1...90 {
            let fraction = 0.001 + Double(second) / 100
            let left = pace.secondsLeft(at: fraction, after: 20 + Double(second))
            #expect(left.map { abs($0 - 100 * (1 - fraction)) < 1e-6 } == true)
        }
        var working = Pace(isWorking: true)
        #expect(working.secondsLeft(at: 0.25, after: 2) == 6)
    }

    @Test func aRunThatGoesOnCountsItsOwnSteps() {
        var left = TimeLeft(first: 500, last: 1000, pauseEvery: 100, validationBatches: 0)
        left.add(pauseAt: 500, seconds: 7)  // a validation that was made up for
        for step in 501...600 { left.add(stepsTo: step, secondsPerStep: 0.1) }
        left.add(pauseAt: 600, seconds: 5)
        #expect(abs(left.seconds - (40 + 4 * 5)) < 1e-6)
    }

    // MARK: The trend

    @Test func theTrendIsToldWhereItIsMoreThanNoise() {
        func trend(_ count: Int, _ loss: (Int) -> Double) -> String? {
            var trend = LossTrend()
            for index in 0..<count { trend.add(loss(index)) }
            return trend.word
        }
        let noise = (0..<400).map { Double($0 * 7919 % 101) / 101 - 0.5 }
        #expect(trend(9) { 3 - Double($0) } == nil, "too few")
        #expect(trend(400) { 2 + 0.1 * noise[$0] } == "level")
        #expect(trend(400) { 2 - 0.001 * Double($0) + 0.1 * noise[$0] } == "falling")
        #expect(trend(400) { 2 + 0.001 * Double($0) + 0.1 * noise[$0] } == "rising")
        var level = LossTrend()
        for index in 0..<100 { level.add(index < 80 ? 5 : 1) }
        #expect(level.level == 1)
    }
}
