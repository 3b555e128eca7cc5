import CharRNNFiles
import Testing

@Suite struct CountTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (-1234, "-1,234"), (1_115_394, "1,115,394"), (100_000, "100,000"),
        (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func thousandsAreGrouped(_ number: Int, _ expected: String) { #expect("\(Count(number))" == expected) }
}
