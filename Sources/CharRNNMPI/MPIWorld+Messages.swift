/// What goes from process to process. All call the same, in the same order.
extension MPIWorld {
    /// Has messages go to other processes and come from them; see ``MPICalls/transfer(sending:receiving:wait:)``.
    ///
    /// - Parameter isIdle: whether this process has nothing else to do meanwhile.
    func transfer(
        sending sent: [MPIMessage], receiving received: [MPIMessage], isIdle: @escaping () -> Bool = { true }
    ) {
        var patience = Patience(isIdle: isIdle) { late, seconds in
            // One of those who wait speaks for all.
            guard let whenWaiting, rank == (0..<count).first(where: { !late.contains($0) }) else { return }
            whenWaiting(late.sorted(), seconds)
        }
        MPICalls.transfer(sending: sent, receiving: received) { patience.wait($0) }
    }

    /// Gives all processes this one's part, and gets theirs: the parts are in the order of the ranks.
    func share(_ parts: [UnsafeMutableRawBufferPointer], isIdle: @escaping () -> Bool = { true }) {
        let others = (0..<count).filter { $0 != rank }
        transfer(
            sending: others.map { MPIMessage(rank: $0, bytes: parts[rank]) },
            receiving: others.map { MPIMessage(rank: $0, bytes: parts[$0]) }, isIdle: isIdle)
    }

    /// What each process has given, in the order of the ranks.
    public func gather(_ text: String) -> [String] {
        gather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What fits goes in one message, of always the same size.
    func gather(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let (prefix, size) = (4, 64)
        var message = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) } + bytes.prefix(size - prefix)
        message += [UInt8](repeating: 0, count: size - message.count)
        let messages = gather(message, sizes: [Int](repeating: size, count: count))
        let lengths = messages.map { $0.prefix(prefix).reversed().reduce(0) { $0 << 8 | Int($1) } }
        if lengths.allSatisfy({ $0 <= size - prefix }) {
            return zip(messages, lengths).map { $0.dropFirst(prefix).prefix($1) }
        }
        return gather(bytes, sizes: lengths)
    }

    /// With the size of each process's bytes, which all know.
    private func gather(_ bytes: [UInt8], sizes: [Int]) -> [ArraySlice<UInt8>] {
        var end = 0
        let ranges = sizes.map { size in
            defer { end += size }
            return end..<end + size
        }
        var all = [UInt8](repeating: 0, count: end)
        all.withUnsafeMutableBytes { all in
            let parts = ranges.map { UnsafeMutableRawBufferPointer(rebasing: all[$0]) }
            parts[rank].copyBytes(from: bytes)
            share(parts)
        }
        return ranges.map { all[$0] }
    }
}
