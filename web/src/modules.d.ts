declare module "virtual:model" {
  const url: string;
  export default url;
}

declare module "*.onnx?url" {
  const url: string;
  export default url;
}

/** Whether the weights of the page may be used for research only. */
declare const IS_FOR_RESEARCH: boolean;
