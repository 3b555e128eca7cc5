import Foundation
import OpenCLCompute

/// A recurrent layer in double precision, step by step and unit by unit as its equations are printed.
///
/// The layout of every array is that of `RecurrentSequence` and `RecurrentWeights`.
package struct ReferenceRecurrence: Sendable {
    package let cell: RecurrentCell
    package let steps: Int
    package let batchSize: Int
    package let hiddenSize: Int

    /// W·x of every step and gate; what stands for gates that see no input is added all the same.
    package var inputs: [Double]
    /// h₀, B × H.
    package var hidden: [Double]
    /// c₀ of the LSTM, B × H.
    package var memory: [Double]
    package var recurrent: [Double]
    package var inputBias: [Double]
    package var recurrentBias: [Double]
    /// Added to the outputs, so that differences can be taken with respect to them: T·B × H.
    package var outputShift: [Double]

    package init(
        _ cell: RecurrentCell, steps: Int, batchSize: Int, hiddenSize: Int, inputs: [Double], hidden: [Double],
        memory: [Double], recurrent: [Double], inputBias: [Double], recurrentBias: [Double]
    ) {
        self.cell = cell
        self.steps = steps
        self.batchSize = batchSize
        self.hiddenSize = hiddenSize
        self.inputs = inputs
        self.hidden = hidden
        self.memory = memory
        self.recurrent = recurrent
        self.inputBias = inputBias
        self.recurrentBias = recurrentBias
        outputShift = [Double](repeating: 0, count: steps * batchSize * hiddenSize)
    }

    /// What a forward pass leaves behind, in the places where `RecurrentSequence` has it.
    package struct Activations: Sendable {
        package var gates: [Double] = []
        package var hidden: [Double]
        package var memory: [Double]
        package var intermediate: [Double] = []

        package func outputs(after stateCount: Int) -> [Double] { Array(hidden[stateCount...]) }
    }

    package func forward() -> Activations {
        let size = hiddenSize
        var result = Activations(hidden: hidden, memory: cell.carriesMemory ? memory : [])
        for row in 0..<steps * batchSize {
            // The state of one stream before the step lies B rows before its output.
            let h = Array(result.hidden[row * size..<(row + 1) * size])
            var gates: [[Double]]
            var output: [Double]
            switch cell {
            case .lstm:
                let c = result.memory[row * size..<(row + 1) * size]
                gates = (0..<4).map { arguments(row, gate: $0, state: h).map($0 == 2 ? tanh : sigmoid) }
                let (i, f, g, o) = (gates[0], gates[1], gates[2], gates[3])
                let next = zip(0..<size, c).map { u, c in f[u] * c + i[u] * g[u] }
                output = (0..<size).map { o[$0] * tanh(next[$0]) }
                result.memory += next
            case .gru:
                gates = (0..<2).map { arguments(row, gate: $0, state: h).map(sigmoid) }
                let (r, z) = (gates[0], gates[1])
                let reset = (0..<size).map { r[$0] * h[$0] }
                let n = arguments(row, gate: 2, state: reset).map(tanh)
                output = (0..<size).map { z[$0] * n[$0] + (1 - z[$0]) * h[$0] }
                gates.append(n)
                result.intermediate += reset
            case .rnn:
                gates = [arguments(row, gate: 0, state: h).map(tanh)]
                output = gates[0]
            case .minGRU:
                let z = arguments(row, gate: 0, state: h).map(sigmoid)
                let n = arguments(row, gate: 1, state: h)
                output = (0..<size).map { z[$0] * n[$0] + (1 - z[$0]) * h[$0] }
                gates = [z, n]
            case .mogrifier:
                let c = result.memory[row * size..<(row + 1) * size]
                let x = arguments(row, gate: 6, states: [])
                let q = arguments(row, gate: 0, state: h).map(sigmoid)
                let xGated = (0..<size).map { 2 * q[$0] * x[$0] }
                let r = arguments(row, gate: 1, state: xGated).map(sigmoid)
                let hGated = (0..<size).map { 2 * r[$0] * h[$0] }
                let lstm = (2..<6).map {
                    // U's matrices are those of q and r; those of i, f, g, o for x¹; the same for h¹.
                    arguments(row, gate: $0, states: [($0, xGated), ($0 + 4, hGated)]).map($0 == 4 ? tanh : sigmoid)
                }
                let (i, f, g, o) = (lstm[0], lstm[1], lstm[2], lstm[3])
                let next = zip(0..<size, c).map { u, c in f[u] * c + i[u] * g[u] }
                output = (0..<size).map { o[$0] * tanh(next[$0]) }
                result.memory += next
                result.intermediate += xGated + hGated
                gates = [q, r] + lstm + [x]
            default: preconditionFailure("\(cell) has no equations here")
            }
            result.gates += gates.joined()
            result.hidden += (0..<size).map { output[$0] + outputShift[row * size + $0] }
        }
        return result
    }

    /// L = Σ weights ∘ outputs: a loss whose gradient with respect to the outputs, the sequence aside, is `weights`.
    package func loss(_ weights: [Double]) -> Double {
        let outputs = forward().outputs(after: batchSize * hiddenSize)
        return zip(weights, outputs).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The arguments of one gate's units in one row, where the gate's number is that of its matrix in U.
    private func arguments(_ row: Int, gate: Int, state: [Double]) -> [Double] {
        arguments(row, gate: gate, states: recurrent.isEmpty ? [] : [(gate, state)])
    }

    /// The same with the states that are multiplied, each by a matrix of U.
    private func arguments(_ row: Int, gate: Int, states: [(matrix: Int, state: [Double])]) -> [Double] {
        let width = cell.gateCount * hiddenSize
        let first = gate * hiddenSize
        var sums = (first..<first + hiddenSize).map { column in
            inputs[row * width + column] + inputBias[column] + (recurrentBias.isEmpty ? 0 : recurrentBias[column])
        }
        let columns = recurrent.count / hiddenSize
        for (matrix, state) in states {
            for k in 0..<hiddenSize {
                let start = k * columns + matrix * hiddenSize
                for unit in 0..<hiddenSize { sums[unit] += state[k] * recurrent[start + unit] }
            }
        }
        return sums
    }

    private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
