import CharRNNFiles
import Testing

@Suite("Sizes of memory as people read them")
struct ByteCountTests {
    @Test(
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"),
            (999_950, "1.0 MB"), (8 << 20, "8.4 MB"), (64_100_000_000, "64.1 GB"), (1 << 62, "4.6 EB"),
        ])
    func text(_ count: Int, _ text: String) { #expect("\(ByteCount(count))" == text) }
}
