/** What runs a network, and what goes in and comes out. */

export interface Tensor {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Runner {
  run(inputs: Tensors): Promise<Tensors>;
}

export const tensor = (values: Float32Array, shape: readonly number[]): Tensor => ({ values, shape });
